//! Examples that the vendor published have doubled slashes in paths; clients made from them work.

use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;

/// Makes one slash of several. Signatures are checked over the path as it was sent.
pub fn collapse(mut request: Request) -> Request {
    if request.uri().path().contains("//")
        && let Some(uri) = collapsed(request.uri())
    {
        *request.uri_mut() = uri;
    }
    request
}

fn collapsed(uri: &Uri) -> Option<Uri> {
    let mut path = String::with_capacity(uri.path().len());
    for c in uri.path().chars() {
        if c != '/' || !path.ends_with('/') {
            path.push(c);
        }
    }
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(path).ok();
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_become_one_and_the_query_stays() {
        let uri = Uri::from_static("/v1/p//digital-assets///a?x=//");
        assert_eq!(collapsed(&uri).unwrap(), "/v1/p/digital-assets/a?x=//");
    }
}
