//! The bytes of a package as they arrive, whatever call they are in.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

use crate::error::{Error, ErrorCode, Result};
use crate::objects::put::{Blocks, SILENCE};

pub type Incoming = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// A body that is the package, or the rest of it.
pub fn of_blocks(blocks: Blocks) -> Incoming {
    Box::pin(stream::try_unfold(blocks, async |mut blocks| {
        Ok(blocks.next().await?.map(|block| (block, blocks)))
    }))
}

/// A part of a form; after it, the form must end.
pub fn of_field(form: multer::Multipart<'static>, field: multer::Field<'static>) -> Incoming {
    let state = Some((form, field));
    Box::pin(stream::try_unfold(state, async |state| {
        let Some((mut form, mut field)) = state else {
            return Ok(None);
        };
        let next = tokio::time::timeout(SILENCE, field.chunk()).await;
        if let Some(block) = next.map_err(|_| silent())?.map_err(cut)? {
            return Ok(Some((block, Some((form, field)))));
        }
        drop(field);
        let next = tokio::time::timeout(SILENCE, form.next_field()).await;
        match next.map_err(|_| silent())?.map_err(cut)? {
            None => Ok(None),
            Some(_) => Err(Error::new(
                ErrorCode::InvalidBody,
                "Invalid body: the form must have one file and nothing else.",
            )),
        }
    }))
}

fn silent() -> Error {
    Error::new(ErrorCode::IncompleteBody, "No bytes came for a minute.")
}

#[expect(clippy::needless_pass_by_value, reason = "stands in map_err")]
pub fn cut(error: multer::Error) -> Error {
    let code = match error {
        multer::Error::StreamReadFailed(_)
        | multer::Error::IncompleteStream
        | multer::Error::IncompleteFieldData { .. }
        | multer::Error::IncompleteHeaders => ErrorCode::IncompleteBody,
        _ => ErrorCode::InvalidBody,
    };
    Error::new(code, format!("The form could not be read: {error}"))
}

/// Reads on without keeping anything, within bounds: most clients send all before they listen.
pub async fn drain(incoming: &mut Incoming) {
    const MOST: usize = 256 * 1024 * 1024;
    const TIME: Duration = Duration::from_secs(10);
    let read = async {
        let mut seen = 0;
        while seen < MOST
            && let Some(Ok(block)) = incoming.next().await
        {
            seen += block.len();
        }
    };
    let _ = tokio::time::timeout(TIME, read).await;
}
