//! What the handshakes send: one datagram each.

/// A datagram of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What is in it.
    pub message: HandshakeMessage,
    /// Which datagram of its flight it is, from 0.
    pub part: u8,
    /// How many datagrams the flight has.
    pub parts: u8,
    /// UDP payload in bytes.
    pub bytes: u16,
}

/// What a datagram of a handshake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeMessage {
    /// A DTLS flight, or a part of one.
    Dtls(Flight),
    /// SCTP's INIT.
    Init,
    /// SCTP's INIT ACK.
    InitAck,
    /// SCTP's COOKIE ECHO.
    CookieEcho,
    /// SCTP's COOKIE ACK.
    CookieAck,
    /// A DATA chunk with DCEP's DATA_CHANNEL_OPEN.
    Open,
    /// A DATA chunk with DCEP's DATA_CHANNEL_ACK.
    OpenAck,
    /// A SACK for the other end's DATA chunk.
    Sack,
}

/// A DTLS flight; numbers are those of RFC 6347, section 4.2.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Flight {
    /// ClientHello (1).
    Hello,
    /// HelloVerifyRequest (2).
    Verify,
    /// ClientHello with the cookie (3).
    HelloAgain,
    /// ServerHello to ServerHelloDone (4); in 1.3 ServerHello to Finished.
    Server,
    /// Certificate to Finished (5), in 1.3 too.
    Client,
    /// The server's ChangeCipherSpec and Finished (6).
    Finish,
    /// In 1.3 the server's ACK of the client's last flight.
    Ack,
}

/// How many kinds of flights there are.
pub(super) const FLIGHTS: usize = 7;

impl Segment {
    /// A flight of a single datagram.
    #[must_use]
    pub const fn single(message: HandshakeMessage, bytes: u16) -> Self {
        Self { message, part: 0, parts: 1, bytes }
    }

    /// What it is, in the words of the protocols.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.message {
            HandshakeMessage::Dtls(Flight::Hello) => "DTLS ClientHello",
            HandshakeMessage::Dtls(Flight::Verify) => "DTLS HelloVerifyRequest",
            HandshakeMessage::Dtls(Flight::HelloAgain) => "DTLS ClientHello with cookie",
            HandshakeMessage::Dtls(Flight::Server) => "DTLS ServerHello and what follows",
            HandshakeMessage::Dtls(Flight::Client) => "DTLS Certificate to Finished",
            HandshakeMessage::Dtls(Flight::Finish) => "DTLS ChangeCipherSpec, Finished",
            HandshakeMessage::Dtls(Flight::Ack) => "DTLS ACK",
            HandshakeMessage::Init => "SCTP INIT",
            HandshakeMessage::InitAck => "SCTP INIT ACK",
            HandshakeMessage::CookieEcho => "SCTP COOKIE ECHO",
            HandshakeMessage::CookieAck => "SCTP COOKIE ACK",
            HandshakeMessage::Open => "DCEP OPEN",
            HandshakeMessage::OpenAck => "DCEP ACK",
            HandshakeMessage::Sack => "SCTP SACK",
        }
    }
}
