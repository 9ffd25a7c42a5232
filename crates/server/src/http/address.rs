//! Where a request came from: the other end of the connection, or, where that is a proxy of one's
//! own, whom the proxy says it was.

use std::net::{IpAddr, SocketAddr};

use http::request::Parts;
use ipnet::IpNet;

/// The other end of the connection.
#[derive(Debug, Clone, Copy)]
pub struct RemoteAddress(pub SocketAddr);

/// Proxies whose word counts.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Addresses and ranges; the error names the first that is neither.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let range = |text: &String| {
            let alone = |_| text.parse::<IpAddr>().map(IpNet::from);
            let read = text.parse::<IpNet>().or_else(alone);
            read.map_err(|_| format!("{text:?} is not an address or a range such as 10.0.0.0/8"))
        };
        texts.iter().map(range).collect::<Result<_, _>>().map(Self)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0
            .iter()
            .any(|range| range.contains(&address.to_canonical()))
    }

    /// The last address in the chain that is not a proxy of one's own. What a client itself wrote
    /// into `X-Forwarded-For` stands before it and does not count.
    pub fn origin(&self, parts: &Parts) -> Option<IpAddr> {
        let RemoteAddress(remote) = parts.extensions.get::<RemoteAddress>()?;
        let mut origin = remote.ip().to_canonical();
        if !self.trusts(origin) {
            return Some(origin);
        }
        let headers = parts.headers.get_all("x-forwarded-for").into_iter();
        let said: Vec<&str> = headers
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        for text in said.into_iter().rev() {
            let Ok(address) = text.trim().parse::<IpAddr>() else {
                break;
            };
            origin = address.to_canonical();
            if !self.trusts(origin) {
                break;
            }
        }
        Some(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(trusted: &[&str], remote: &str, said: &[&str]) -> String {
        let trusted: Vec<String> = trusted.iter().map(ToString::to_string).collect();
        let mut request = http::Request::builder();
        for value in said {
            request = request.header("x-forwarded-for", *value);
        }
        let remote = SocketAddr::new(remote.parse().unwrap(), 1);
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(RemoteAddress(remote));
        let proxies = TrustedProxies::parse(&trusted).unwrap();
        proxies.origin(&parts).unwrap().to_string()
    }

    #[test]
    fn only_one_s_own_proxies_are_believed() {
        for (trusted, remote, said, expected) in [
            (&[][..], "10.0.0.1", &["1.1.1.1"][..], "10.0.0.1"),
            (&["10.0.0.0/8"], "10.0.0.1", &["1.1.1.1"], "1.1.1.1"),
            (&["10.0.0.0/8"], "11.0.0.1", &["1.1.1.1"], "11.0.0.1"),
            (&["10.0.0.1"], "10.0.0.1", &["9.9.9.9, 1.1.1.1"], "1.1.1.1"),
            (
                &["10.0.0.0/8"],
                "10.0.0.1",
                &["9.9.9.9, 1.1.1.1", "10.0.0.2"],
                "1.1.1.1",
            ),
            (
                &["10.0.0.0/8"],
                "10.0.0.1",
                &["nonsense, 10.0.0.2"],
                "10.0.0.2",
            ),
            (&["10.0.0.0/8"], "10.0.0.1", &["nonsense"], "10.0.0.1"),
            (&["10.0.0.0/8"], "10.0.0.1", &[], "10.0.0.1"),
            (&["::1"], "::1", &["::ffff:1.1.1.1"], "1.1.1.1"),
        ] {
            assert_eq!(
                origin(trusted, remote, said),
                expected,
                "{trusted:?} {remote} {said:?}"
            );
        }
    }
}
