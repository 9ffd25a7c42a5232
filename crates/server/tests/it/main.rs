//! Every integration test, in one binary: folders mirror `src/`.

mod assets;
