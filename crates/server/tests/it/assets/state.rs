//! The state machine over HTTP: any sequence of steps against a small model.

use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use crate::harness::Library;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Declare,
    Finish,
    Fail,
    Cancel,
    DropMain,
    Activate,
    Deactivate,
    Retire,
    Delete,
    Purge,
    Restore,
    Block,
    Unblock,
}

const STEPS: [Step; 13] = [
    Step::Declare,
    Step::Finish,
    Step::Fail,
    Step::Cancel,
    Step::DropMain,
    Step::Activate,
    Step::Deactivate,
    Step::Retire,
    Step::Delete,
    Step::Purge,
    Step::Restore,
    Step::Block,
    Step::Unblock,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Main {
    None,
    Creating,
    Created,
}

/// What the contract and our decisions say, in a few lines.
#[derive(Debug, Clone)]
struct Model {
    state: &'static str,
    before: &'static str,
    main: Main,
}

const ILLEGAL: &str = "400 MSS.10009001";

impl Model {
    fn usable(&self) -> bool {
        matches!(self.state, "UNACTIVED" | "ACTIVED" | "WAITING_DELETE")
    }

    fn changeable(&self) -> bool {
        self.usable() || matches!(self.state, "CREATING" | "FAILED")
    }

    fn illegal(&self) -> &'static str {
        if self.state == "BLOCK" {
            "400 MSS.10009012"
        } else {
            ILLEGAL
        }
    }

    fn go(&mut self, allowed: bool, to: &'static str) -> &'static str {
        if !allowed {
            return self.illegal();
        }
        if matches!(to, "DELETING" | "BLOCK") {
            self.before = self.state;
        }
        self.state = to;
        "200"
    }

    /// The code that the step must answer.
    fn take(&mut self, step: Step) -> &'static str {
        let (changeable, usable) = (self.changeable(), self.usable());
        match step {
            Step::Declare if !changeable => self.illegal(),
            Step::Declare if self.main != Main::None => "400 MSS.10001008",
            Step::Declare => {
                self.main = Main::Creating;
                self.state = "CREATING";
                "200"
            }
            Step::Finish | Step::Fail | Step::Cancel | Step::DropMain if !changeable => {
                self.illegal()
            }
            Step::Finish => {
                self.main = Main::Created;
                self.go(true, "UNACTIVED")
            }
            Step::Fail | Step::Cancel => {
                self.main = Main::None;
                let to = if step == Step::Fail {
                    "FAILED"
                } else {
                    "CREATING"
                };
                self.go(true, to)
            }
            Step::DropMain if matches!(self.state, "ACTIVED" | "WAITING_DELETE") => ILLEGAL,
            Step::DropMain => {
                self.main = Main::None;
                self.go(true, "CREATING")
            }
            Step::Activate => self.go(usable, "ACTIVED"),
            Step::Deactivate => self.go(usable, "UNACTIVED"),
            Step::Retire => self.go(usable, "WAITING_DELETE"),
            Step::Delete => self.go(changeable, "DELETING"),
            Step::Purge => self.go(changeable || self.state == "DELETING", "DELETED"),
            Step::Restore => self.go(self.state == "DELETING", self.before),
            Step::Block => self.go(changeable, "BLOCK"),
            Step::Unblock => self.go(self.state == "BLOCK", self.before),
        }
    }

    /// Whether there is a file for the step to be about.
    fn applies(&self, step: Step) -> bool {
        match step {
            Step::Finish | Step::Fail | Step::Cancel => {
                self.main == Main::Creating && self.state != "DELETED"
            }
            Step::DropMain => self.main != Main::None && self.state != "DELETED",
            _ => true,
        }
    }
}

const BYTES: &[u8] = b"the bytes";

async fn take(library: &Library, asset: &str, file: &mut String, step: Step) -> String {
    let answer = match step {
        Step::Declare => {
            let body = library.file_body(asset, "MAIN", BYTES).await;
            let answer = library.post("files", &body).await;
            if let Some(id) = answer.json()["file_id"].as_str() {
                id.clone_into(file);
                let url = answer.json()["upload_url"].as_str().unwrap().to_owned();
                let put = library
                    .object("PUT", &url)
                    .header("content-md5", body["file_md5"].as_str().unwrap())
                    .header("content-type", "image/png")
                    .header("content-length", &BYTES.len().to_string());
                put.body(BYTES).send().await.ok();
            }
            answer
        }
        Step::Finish => library.complete(file, "CREATED").await,
        Step::Fail => library.complete(file, "FAILED").await,
        Step::Cancel => library.complete(file, "CANCELLED").await,
        Step::DropMain => library.delete_file(file).await,
        Step::Activate => library.set_state(asset, "ACTIVED").await,
        Step::Deactivate => library.set_state(asset, "UNACTIVED").await,
        Step::Retire => library.set_state(asset, "WAITING_DELETE").await,
        Step::Delete => library.delete_asset(asset).await,
        Step::Purge => library.purge(asset).await,
        Step::Restore => library.restore(asset).await,
        Step::Block | Step::Unblock => return administer(library, asset, step).await,
    };
    answer.code()
}

async fn administer(library: &Library, asset: &str, step: Step) -> String {
    let done = match step {
        Step::Block => library.block(asset).await,
        _ => library.unblock(asset).await,
    };
    if done { "200" } else { "refused" }.to_owned()
}

async fn play(library: &Library, steps: &[Step]) {
    let asset = library.create_asset("IMAGE").await;
    let mut model = Model {
        state: "CREATING",
        before: "CREATING",
        main: Main::None,
    };
    let mut file = String::new();
    for (n, step) in steps.iter().enumerate() {
        if !model.applies(*step) {
            continue;
        }
        let mut expected = model.take(*step);
        if matches!(step, Step::Block | Step::Unblock) && expected != "200" {
            expected = "refused";
        }
        let got = take(library, &asset, &mut file, *step).await;
        assert_eq!(got, expected, "step {n} of {steps:?}: {model:?}");
        let shown = library.show(&asset).await;
        assert_eq!(shown["asset_state"], model.state, "step {n} of {steps:?}");
        let main = shown["files"]
            .as_array()
            .unwrap()
            .iter()
            .find(|f| f["state"] == "CREATED");
        let link = main.is_some_and(|file| file["download_url"].is_string());
        assert_eq!(link, model.usable(), "step {n} of {steps:?}");
    }
}

#[test]
fn any_sequence_of_steps_does_what_the_model_says() {
    let runtime = Runtime::new().unwrap();
    let library = runtime.block_on(Library::start());
    let steps = proptest::collection::vec(proptest::sample::select(&STEPS[..]), 1..24);
    let mut runner = TestRunner::new(Config {
        cases: 48,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    });
    let outcome = runner.run(&steps, |steps| {
        runtime.block_on(play(&library, &steps));
        Ok(())
    });
    outcome.unwrap();
    runtime.block_on(library.assert_counts_are_right());
}
