//! The send queue of real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on is to panic")]
#![cfg(target_os = "linux")]

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::thread::yield_now;

use entrepot_sendqueue::unacknowledged;

/// The writing and the reading end of a connection.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let writer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (reader, _) = listener.accept().unwrap();
    (writer, reader)
}

fn queued(stream: &TcpStream) -> u64 {
    unacknowledged(stream.as_fd()).unwrap()
}

/// Writes until the kernel takes no more; answers how much it took.
fn fill(writer: &mut TcpStream) -> u64 {
    writer.set_nonblocking(true).unwrap();
    let chunk = vec![7; 1 << 20];
    let mut written = 0;
    loop {
        match writer.write(&chunk) {
            Ok(n) => written += n as u64,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return written,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn nothing_is_unacknowledged_before_the_first_write() {
    let (writer, _reader) = pair();
    assert_eq!(queued(&writer), 0);
}

#[test]
fn what_the_reader_has_no_room_for_stays_until_it_reads() {
    let (mut writer, mut reader) = pair();
    let written = fill(&mut writer);
    assert!(queued(&writer) > 0);
    let mut left = written;
    let mut buffer = vec![0; 1 << 20];
    while left > 0 {
        left -= reader.read(&mut buffer).unwrap() as u64;
    }
    while queued(&writer) > 0 {
        yield_now();
    }
}

#[test]
fn a_reset_leaves_it_as_it_was() {
    let (mut writer, reader) = pair();
    fill(&mut writer);
    // bytes that were not read make the kernel reset the connection
    drop(reader);
    while writer.peer_addr().is_ok() {
        yield_now();
    }
    assert!(queued(&writer) > 0);
}

#[test]
fn the_end_of_the_stream_counts_until_it_is_acknowledged() {
    let (mut writer, mut reader) = pair();
    writer.write_all(b"all").unwrap();
    writer.shutdown(std::net::Shutdown::Write).unwrap();
    let mut all = Vec::new();
    reader.read_to_end(&mut all).unwrap();
    while queued(&writer) > 0 {
        yield_now();
    }
}

#[test]
fn what_is_no_socket_is_an_error() {
    let file = std::fs::File::open("/dev/null").unwrap();
    assert!(unacknowledged(file.as_fd()).is_err());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = unacknowledged(listener.as_fd()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
