//! Which transports a TURN server speaks with its clients: `"udp+tcp+tls"`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::webrtc::setup::RelayTransport;

/// The transports a TURN server speaks with its clients, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Transports {
    udp: bool,
    tcp: bool,
    tls: bool,
}

const WORDS: [(&str, RelayTransport); 3] =
    [("udp", RelayTransport::Udp), ("tcp", RelayTransport::Tcp), ("tls", RelayTransport::Tls)];

impl Transports {
    /// UDP, TCP and TLS.
    pub const ALL: Self = Self { udp: true, tcp: true, tls: true };
    /// TCP and TLS.
    pub const STREAMS: Self = Self { udp: false, tcp: true, tls: true };

    /// Whether it speaks this one.
    #[inline]
    #[must_use]
    pub const fn has(self, transport: RelayTransport) -> bool {
        match transport {
            RelayTransport::Udp => self.udp,
            RelayTransport::Tcp => self.tcp,
            RelayTransport::Tls => self.tls,
        }
    }

    /// Those it speaks, in the order in which clients prefer them.
    pub fn iter(self) -> impl Iterator<Item = RelayTransport> {
        WORDS.into_iter().map(|(_, transport)| transport).filter(move |&transport| self.has(transport))
    }

    /// This one alone.
    #[must_use]
    pub const fn only(transport: RelayTransport) -> Self {
        Self {
            udp: matches!(transport, RelayTransport::Udp),
            tcp: matches!(transport, RelayTransport::Tcp),
            tls: matches!(transport, RelayTransport::Tls),
        }
    }

    /// How many it speaks.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.in_common(self)
    }

    /// How many both speak.
    #[inline]
    #[must_use]
    pub const fn in_common(self, other: Self) -> u32 {
        (self.udp && other.udp) as u32 + (self.tcp && other.tcp) as u32 + (self.tls && other.tls) as u32
    }

    /// What either speaks.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self { udp: self.udp || other.udp, tcp: self.tcp || other.tcp, tls: self.tls || other.tls }
    }

    /// The one that a client uses: UDP, or the first other one where its network blocks that.
    #[must_use]
    pub fn preferred(self, udp_blocked: bool) -> Option<RelayTransport> {
        self.iter().find(|&transport| !(udp_blocked && transport == RelayTransport::Udp))
    }
}

impl FromStr for Transports {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut found = Self { udp: false, tcp: false, tls: false };
        for word in text.split('+').map(str::trim) {
            match word {
                "udp" => found.udp = true,
                "tcp" => found.tcp = true,
                "tls" => found.tls = true,
                _ => {
                    return Err(format!(
                        "\"{word}\" is not a transport of TURN: join some of udp, tcp and tls, such as \"udp+tcp+tls\""
                    ));
                }
            }
        }
        Ok(found)
    }
}

impl TryFrom<String> for Transports {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Transports> for String {
    fn from(transports: Transports) -> Self {
        transports.to_string()
    }
}

impl fmt::Display for Transports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> =
            WORDS.into_iter().filter(|(_, transport)| self.has(*transport)).map(|(word, _)| word).collect();
        f.write_str(&words.join("+"))
    }
}

impl JsonSchema for Transports {
    fn schema_name() -> Cow<'static, str> {
        "Transports".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Some of udp, tcp and tls, joined by +",
            "pattern": "^(udp|tcp|tls)(\\+(udp|tcp|tls)){0,2}$",
            "examples": ["udp+tcp+tls", "udp"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_and_read_back() {
        for text in ["udp", "tcp", "udp+tls", "udp+tcp+tls"] {
            assert_eq!(text.parse::<Transports>().expect(text).to_string(), text);
        }
        assert_eq!("tls + udp".parse::<Transports>().expect("blanks").to_string(), "udp+tls");
        assert!("".parse::<Transports>().is_err() && "quic".parse::<Transports>().is_err());
    }

    #[test]
    fn a_client_prefers_udp_and_takes_what_its_network_lets_out() {
        let of = |text: &str, blocked| text.parse::<Transports>().expect(text).preferred(blocked);
        assert_eq!(of("udp+tcp+tls", false), Some(RelayTransport::Udp));
        assert_eq!(of("udp+tcp+tls", true), Some(RelayTransport::Tcp));
        assert_eq!(of("udp+tls", true), Some(RelayTransport::Tls));
        assert_eq!(of("udp", true), None);
        assert_eq!(of("tls", false), Some(RelayTransport::Tls));
    }
}
