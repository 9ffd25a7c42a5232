//! The library behind a real socket, for what only a connection can show.

use std::net::SocketAddr;
use std::time::Duration;

use entrepot_server::http::serve;
use entrepot_server::router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Library;

pub struct Served {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Library {
    pub async fn serve(&self) -> Served {
        self.serve_at("127.0.0.1:0".parse().unwrap()).await
    }

    pub async fn serve_at(&self, address: SocketAddr) -> Served {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let router = router::router(self.app.clone());
        let stopped = async move {
            let _ = stopped.await;
        };
        let grace = Duration::from_secs(5);
        let task = tokio::spawn(serve::serve(listener, router, stopped, grace));
        Served {
            address,
            stop,
            task,
        }
    }
}

impl Served {
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends a request as it stands and answers all that comes back.
    pub async fn exchange(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Stops as the program does; waits for requests under way.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap();
    }
}
