//! The child alone, for tests; the product runs it as `entrepot media-worker`.

fn main() -> std::process::ExitCode {
    entrepot_media::worker_main()
}
