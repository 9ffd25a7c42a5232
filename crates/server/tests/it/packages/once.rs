//! The rules of "download once", in any order of calls, cuts, crashes and lapses, by two callers
//! over two nodes whose clocks differ.

use std::time::Duration;

use entrepot_server::clock::Timestamp;
use entrepot_server::ids::{ArchiveId, AssetJobId, InstanceId, ProjectId, UserId};
use entrepot_server::packages::model::Delivery;
use entrepot_server::packages::once::{
    self, Ask, Ending, FENCE, Holder, Received, SILENCE, SKEW, Verdict,
};
use entrepot_server::packages::{Archive, ArchiveState};
use proptest::prelude::*;

const SIZE: u64 = 100;
const MAX_SENDS: u32 = 10;
const DIGEST: &str = "the digest";
const LEASE: Duration = Duration::from_mins(30);
const START: i64 = 1_800_000_000_000;

fn ready(days: u64) -> Archive {
    let start = Timestamp::from_millis(START);
    Archive {
        archive_id: ArchiveId::new("a"),
        project_id: ProjectId::new("p"),
        instance_id: InstanceId::new("i"),
        job_id: AssetJobId::new("j"),
        state: ArchiveState::Ready,
        file_name: "a.zip".into(),
        size: SIZE,
        digest: DIGEST.into(),
        entry_count: 1,
        layout_key: None,
        table_at: 0,
        piece_count: 0,
        directory_at: 0,
        created_by: UserId::new("0"),
        created_at: start,
        expires_at: start.plus(Duration::from_hours(24 * days)),
        lease: None,
        receipt_required: false,
        delivery: Delivery {
            number: 0,
            until: None,
            from: 0,
            to: 0,
        },
        covered: 0,
        sent_bytes: 0,
        ended_at: None,
    }
}

/// A delivery under way in some process, as that one sees it.
struct Sender {
    caller: usize,
    node: usize,
    begun: Archive,
    sent: u64,
    /// By the clock that nobody sets.
    said_so: i64,
    not_before: i64,
    over: bool,
}

/// Where a caller begins to read.
#[derive(Debug, Clone, Copy)]
enum From {
    Start,
    Covered,
    At(u64),
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Get {
        caller: usize,
        node: usize,
        from: From,
        to: u64,
        receipt: bool,
    },
    Send {
        sender: usize,
        bytes: u64,
    },
    Acknowledge(usize),
    Cut(usize),
    Crash(usize),
    Renew(usize),
    Receipt {
        caller: usize,
        node: usize,
        right: bool,
    },
    Expire {
        node: usize,
    },
    Restart,
    Pass(u64),
}

struct World {
    row: Archive,
    /// In milliseconds since the start.
    time: i64,
    clocks: [i64; 2],
    senders: Vec<Sender>,
    /// Who has received bytes.
    receivers: Vec<usize>,
    completions: usize,
}

impl World {
    fn new(fast: i64) -> Self {
        Self {
            row: ready(7),
            time: 0,
            clocks: [0, fast],
            senders: Vec::new(),
            receivers: Vec::new(),
            completions: 0,
        }
    }

    fn now(&self, node: usize) -> Timestamp {
        Timestamp::from_millis(START + self.time + self.clocks[node])
    }

    fn pass(&mut self, time: Duration) {
        self.time += i64::try_from(time.as_millis()).unwrap();
    }

    fn write(&mut self, after: Archive) {
        let before = self.row.state;
        assert!(after.delivery.number >= self.row.delivery.number);
        assert!(after.covered >= self.row.covered && after.covered <= SIZE);
        if after.state == ArchiveState::Consumed {
            assert_eq!(before, ArchiveState::Leased);
            self.completions += 1;
        }
        self.row = after;
    }

    /// A GET, with a watch of a delivery under way that ends as the truth is.
    fn get(&mut self, caller: usize, node: usize, range: std::ops::Range<u64>, receipt: bool) {
        let user = UserId::new(caller.to_string());
        let mut stuck = None;
        for _ in 0..2 {
            let now = self.now(node);
            let ask = Ask {
                caller: &user,
                bytes: range.end - range.start,
                now,
                max_sends: MAX_SENDS,
                stuck,
            };
            match once::judge(&self.row, ask) {
                Verdict::Refuse(_) => return,
                Verdict::Watch => {
                    // nothing moves while it is watched, but who lives says so
                    stuck = Some(self.row.delivery.number);
                    self.pass(Duration::from_secs(5));
                    for index in 0..self.senders.len() {
                        self.renew(index);
                    }
                }
                Verdict::Begin => return self.begin(caller, node, range, receipt),
            }
        }
    }

    fn begin(&mut self, caller: usize, node: usize, range: std::ops::Range<u64>, receipt: bool) {
        let now = self.now(node);
        let holder = Holder {
            user_id: UserId::new(caller.to_string()),
            name: "n".into(),
            address: None,
            lease: LEASE,
            receipt_required: receipt,
        };
        let waits = once::is_running(&self.row, now);
        let wait = if waits { FENCE } else { Duration::ZERO };
        let begun = once::begin(&self.row, &holder, &range, now);
        let not_before = self.time + i64::try_from(wait.as_millis()).unwrap();
        self.senders.push(Sender {
            caller,
            node,
            begun: begun.clone(),
            sent: 0,
            said_so: self.time,
            not_before,
            over: false,
        });
        self.write(begun);
    }

    fn send(&mut self, index: usize, bytes: u64) {
        let sender = &mut self.senders[index];
        let silence = i64::try_from(SILENCE.as_millis()).unwrap();
        let may = self.time >= sender.not_before && self.time < sender.said_so + silence;
        let left = sender.begun.delivery.to - sender.begun.delivery.from - sender.sent;
        let bytes = bytes.min(left);
        if sender.over || !may || bytes == 0 {
            return;
        }
        sender.sent += bytes;
        let number = sender.begun.delivery.number;
        assert_eq!(
            self.row.state,
            ArchiveState::Leased,
            "a byte after its life was over"
        );
        if !self.receivers.contains(&self.senders[index].caller) {
            self.receivers.push(self.senders[index].caller);
        }
        assert_eq!(self.receivers.len(), 1, "two callers received bytes");
        let later = self
            .senders
            .iter()
            .any(|other| other.begun.delivery.number > number && other.sent > 0);
        assert!(!later, "two deliveries at a time");
    }

    fn end(&mut self, index: usize, acknowledged: bool) {
        let sender = &mut self.senders[index];
        let begun = sender.begun.clone();
        let whole = sender.sent == begun.delivery.to - begun.delivery.from;
        // one that waits for another's fence does not end before
        if sender.over || self.time < sender.not_before || (acknowledged && !whole) {
            return;
        }
        sender.over = true;
        let (sent, node) = (sender.sent, sender.node);
        let ending = Ending { sent, acknowledged };
        if let Some(after) = once::end(&self.row, &begun, ending, self.now(node)) {
            self.write(after);
        }
    }

    fn renew(&mut self, index: usize) {
        let now = self.now(self.senders[index].node);
        let sender = &mut self.senders[index];
        if sender.over {
            return;
        }
        match once::renew(&self.row, &sender.begun, sender.sent, now) {
            Some(after) => {
                sender.said_so = self.time;
                self.write(after);
            }
            None => sender.over = true,
        }
    }

    fn receipt(&mut self, caller: usize, node: usize, right: bool) {
        let digest = if right { DIGEST } else { "another" };
        let user = UserId::new(caller.to_string());
        match once::receive(&self.row, &user, digest, self.now(node)) {
            Received::Delivered(after) => {
                assert!(right);
                self.write(*after);
            }
            Received::Already => assert!(right),
            Received::Refuse(_) | Received::Watch => {}
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Get {
                caller,
                node,
                from,
                to,
                receipt,
            } => {
                let from = match from {
                    From::Start => 0,
                    From::Covered => self.row.covered.min(SIZE - 1),
                    From::At(at) => at,
                };
                self.get(caller, node, from..to.max(from + 1), receipt);
            }
            Step::Receipt {
                caller,
                node,
                right,
            } => self.receipt(caller, node, right),
            Step::Expire { node } => {
                if let Some(after) = once::expire(&self.row, self.now(node)) {
                    self.write(after);
                }
            }
            Step::Restart => {
                for sender in &mut self.senders {
                    sender.over = true;
                }
                if let Some(after) = once::abandon(&self.row) {
                    self.write(after);
                }
            }
            Step::Pass(millis) => self.pass(Duration::from_millis(millis)),
            _ if self.senders.is_empty() => {}
            Step::Send { sender, bytes } => self.send(sender % self.senders.len(), bytes),
            Step::Acknowledge(sender) => self.end(sender % self.senders.len(), true),
            Step::Cut(sender) => self.end(sender % self.senders.len(), false),
            Step::Renew(sender) => self.renew(sender % self.senders.len()),
            Step::Crash(sender) => {
                let count = self.senders.len();
                self.senders[sender % count].over = true;
            }
        }
        assert!(self.completions <= 1);
    }

    /// The holder goes on trying, and nothing is in the way any more.
    fn finish(&mut self) -> ArchiveState {
        for index in 0..self.senders.len() {
            self.senders[index].over = true;
        }
        let holder = self
            .row
            .lease
            .as_ref()
            .map_or("0", |l| l.holder_id.as_str());
        let holder: usize = holder.parse().unwrap();
        let from = self.row.covered.min(SIZE - 1);
        self.get(holder, 0, from..SIZE, false);
        if let Some(last) = self.senders.len().checked_sub(1) {
            self.pass(FENCE);
            // after the wait for another's fence it says so again before it sends
            self.renew(last);
            self.send(last, SIZE);
            self.end(last, true);
        }
        self.receipt(holder, 0, true);
        self.row.state
    }
}

fn step() -> impl Strategy<Value = Step> {
    let from = prop_oneof![
        Just(From::Start),
        Just(From::Covered),
        (0..SIZE).prop_map(From::At)
    ];
    let to = prop_oneof![Just(SIZE), 1..=SIZE];
    let get = (0..2usize, 0..2usize, from, to, any::<bool>()).prop_map(
        |(caller, node, from, to, receipt)| Step::Get {
            caller,
            node,
            from,
            to,
            receipt,
        },
    );
    let bytes = prop_oneof![Just(SIZE), 1..=SIZE];
    prop_oneof![
        4 => get,
        6 => (0..4usize, bytes).prop_map(|(sender, bytes)| Step::Send { sender, bytes }),
        2 => (0..4usize).prop_map(Step::Acknowledge),
        2 => (0..4usize).prop_map(Step::Cut),
        1 => (0..4usize).prop_map(Step::Crash),
        3 => (0..4usize).prop_map(Step::Renew),
        1 => (0..2usize, 0..2usize, any::<bool>())
            .prop_map(|(caller, node, right)| Step::Receipt { caller, node, right }),
        1 => (0..2usize).prop_map(|node| Step::Expire { node }),
        1 => Just(Step::Restart),
        3 => (0..20_000u64).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn one_caller_one_completion_and_no_byte_afterwards(
        steps in proptest::collection::vec(step(), 1..60),
        fast in -10_000i64..=10_000,
    ) {
        assert!(fast.unsigned_abs() <= u64::try_from(SKEW.as_millis()).unwrap());
        let mut world = World::new(fast);
        for step in steps {
            world.step(step);
        }
        let before = world.row.clone();
        let in_time = before.lease.as_ref().is_none_or(|lease| {
            world.now(0).plus(Duration::from_secs(20)) < lease.until
        });
        let in_bounds = before.sent_bytes + SIZE <= SIZE * u64::from(MAX_SENDS);
        let ended = matches!(before.state, ArchiveState::Consumed | ArchiveState::Expired);
        let state = world.finish();
        if !ended && in_time && in_bounds {
            prop_assert_eq!(state, ArchiveState::Consumed, "the holder did not get it: {:?}", before);
        }
        prop_assert!(world.completions <= 1);
    }
}

fn leased() -> (Archive, Holder) {
    let holder = Holder {
        user_id: UserId::new("0"),
        name: "n".into(),
        address: None,
        lease: LEASE,
        receipt_required: false,
    };
    let start = Timestamp::from_millis(START);
    (once::begin(&ready(7), &holder, &(0..SIZE), start), holder)
}

#[test]
fn a_delivery_that_skipped_bytes_does_not_use_the_package_up() {
    let (begun, holder) = leased();
    let now = Timestamp::from_millis(START);
    let cut = Ending {
        sent: 10,
        acknowledged: false,
    };
    let row = once::end(&begun, &begun, cut, now).unwrap();
    assert_eq!((row.covered, row.sent_bytes), (10, 10));
    for (from, expected) in [(11, ArchiveState::Leased), (10, ArchiveState::Consumed)] {
        let begun = once::begin(&row, &holder, &(from..SIZE), now);
        let sent = SIZE - from;
        let whole = Ending {
            sent,
            acknowledged: true,
        };
        let ended = once::end(&begun, &begun, whole, now).unwrap();
        assert_eq!(ended.state, expected, "from {from}");
    }
}

#[test]
fn the_bound_counts_what_is_asked_for() {
    let (begun, _) = leased();
    let now = Timestamp::from_millis(START);
    let user = UserId::new("0");
    let mut row = once::abandon(&begun).unwrap();
    row.sent_bytes = SIZE * 10 - 10;
    let verdict = |bytes| {
        let ask = Ask {
            caller: &user,
            bytes,
            now,
            max_sends: 10,
            stuck: None,
        };
        once::judge(&row, ask)
    };
    assert_eq!(verdict(10), Verdict::Begin);
    assert_eq!(verdict(11), Verdict::Refuse(once::Refusal::Spent));
}
