//! What a client says that it takes.

use http::{HeaderMap, header};

/// Whether `image/webp` is named, and not with a quality of zero. Wildcards don't count: programs
/// that send `*/*` are the ones that may not know the format.
pub fn takes_webp(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(header::ACCEPT).into_iter();
    let mut ranges = lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','));
    ranges.any(is_webp)
}

fn is_webp(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let named = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("image/webp"));
    let refused = parts.any(|parameter| {
        let value = parameter
            .strip_prefix("q=")
            .or(parameter.strip_prefix("Q="));
        value.is_some_and(|q| q.trim().parse() == Ok(0.0))
    });
    named && !refused
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn takes(accept: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        takes_webp(&headers)
    }

    #[test]
    fn webp_has_to_be_named() {
        assert!(takes("image/avif,image/webp,image/apng,*/*;q=0.8"));
        assert!(takes("text/html, Image/WebP;q=0.5"));
        assert!(!takes("*/*"));
        assert!(!takes("image/*"));
        assert!(!takes("image/webp;q=0, image/jpeg"));
        assert!(!takes_webp(&HeaderMap::new()));
    }
}
