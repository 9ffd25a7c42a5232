//! A blocking client for bodies of gigabytes, which leaves as much of the machine to the server as
//! it can.

use std::io::{Read, Write};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use socket2::SockRef;

use crate::client::{self, Head};

pub const CHUNK: usize = 1 << 20;
/// Lets the kernel throw the bytes away instead of copying them.
const MSG_TRUNC: i32 = 0x20;

/// The head of an answer, and what of its body came along.
pub fn receive_head(stream: &mut TcpStream) -> anyhow::Result<(Head, Vec<u8>)> {
    let mut received = Vec::new();
    let mut block = [0; 4096];
    loop {
        let read = stream.read(&mut block)?;
        ensure!(read > 0, "the connection was closed");
        received.extend_from_slice(&block[..read]);
        if let Some(head) = Head::parse(&received)? {
            let body = received.split_off(head.bytes);
            return Ok((head, body));
        }
    }
}

/// The head of a success.
fn receive_success(stream: &mut TcpStream) -> anyhow::Result<(Head, Vec<u8>)> {
    let (head, body) = receive_head(stream)?;
    if head.status != 200 {
        let text = String::from_utf8_lossy(&body);
        bail!("the server answered {}: {text}", head.status);
    }
    Ok((head, body))
}

/// Takes a whole answer and answers how long its body was.
pub fn discard(stream: &mut TcpStream) -> anyhow::Result<usize> {
    let (head, body) = receive_success(stream)?;
    let mut received = body.len();
    let mut room = vec![MaybeUninit::<u8>::uninit(); CHUNK];
    while received < head.length {
        let wanted = CHUNK.min(head.length - received);
        let socket = SockRef::from(&*stream);
        match socket.recv_with_flags(&mut room[..wanted], MSG_TRUNC) {
            Ok(0) => bail!("the connection was closed"),
            Ok(read) => received += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(head.length)
}

/// GET over a connection of its own; the bytes of the body are thrown away and counted.
pub fn get(address: SocketAddr, target: &str, token: Option<&str>) -> anyhow::Result<usize> {
    discard(&mut ask(address, target, token)?)
}

/// GET into a file.
pub fn fetch(address: SocketAddr, target: &str, token: &str, path: &Path) -> anyhow::Result<()> {
    let mut stream = ask(address, target, Some(token))?;
    let (head, body) = receive_success(&mut stream)?;
    let mut file = std::fs::File::create(path)?;
    file.write_all(&body)?;
    let rest = u64::try_from(head.length - body.len())?;
    let copied = std::io::copy(&mut stream.take(rest), &mut file)?;
    ensure!(copied == rest, "the connection was closed");
    Ok(())
}

fn ask(address: SocketAddr, target: &str, token: Option<&str>) -> anyhow::Result<TcpStream> {
    let headers = [
        ("Host", "bench"),
        ("X-Auth-Token", token.unwrap_or_default()),
    ];
    let headers = if token.is_some() {
        &headers[..]
    } else {
        &headers[..1]
    };
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.write_all(&client::request("GET", target, headers, &[]))?;
    Ok(stream)
}

/// The body of a short answer.
pub fn answer(stream: &mut TcpStream) -> anyhow::Result<Vec<u8>> {
    let (head, mut body) = receive_head(stream)?;
    let rest = head.length.saturating_sub(body.len());
    stream.take(u64::try_from(rest)?).read_to_end(&mut body)?;
    let text = || String::from_utf8_lossy(&body).into_owned();
    ensure!(head.status == 200, "answered {}: {}", head.status, text());
    Ok(body)
}

/// Sends what stands before and after a file's bytes, and the file, which the kernel moves.
pub fn send_file(
    address: SocketAddr,
    before: &[u8],
    path: &Path,
    after: &[u8],
) -> anyhow::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let sent = stream
        .write_all(before)
        .and_then(|()| std::io::copy(&mut file, &mut stream))
        .and_then(|_| stream.write_all(after));
    // a server that refuses answers before it has all; its answer says more than the broken pipe
    let answered = answer(&mut stream);
    match sent {
        Ok(()) => answered,
        Err(error) => Err(answered.err().unwrap_or_else(|| error.into())),
    }
}
