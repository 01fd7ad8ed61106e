//! The long-term credential mechanism with one user (RFC 8489 section 9.2, RFC 8656 section 5).
//!
//! The nonce stands for the whole run: it is a hash of what the server is, so that every run sends the
//! same bytes. A request with another nonce gets 438 and this one.

use rtc::crypto::{HashAlgorithm, HmacAlgorithm, Mac, default_provider};

use super::reply::{ErrorCode, Reply};
use super::wire::{StunMessage, attribute};

/// Who may allocate, and the key that proves it.
pub(super) struct Credentials {
    username: String,
    realm: String,
    nonce: String,
    mac: Box<dyn Mac>,
}

impl Credentials {
    /// Bytes in MESSAGE-INTEGRITY: HMAC-SHA1.
    pub(super) const TAG_LEN: usize = 20;

    /// The credentials of one user; `place` makes nonces of different servers differ.
    pub(super) fn new(username: &str, realm: &str, password: &str, place: &str) -> Self {
        let provider = default_provider().expect("invariant: the stack is built with a crypto provider");
        let crypto = provider.crypto();
        let secret = [username, realm, password].join(":");
        let key = crypto.hash(HashAlgorithm::Md5, secret.as_bytes()).expect("invariant: STUN needs MD5");
        let mac = crypto.new_hmac(HmacAlgorithm::Sha1, &key).expect("invariant: STUN needs HMAC-SHA1");
        let nonce = format!("{:016x}", xxhash_rust::xxh3::xxh3_64([realm, place].join("@").as_bytes()));
        Self { username: username.to_owned(), realm: realm.to_owned(), nonce, mac }
    }

    /// Whether a request comes from the user, in the order of RFC 8489 section 9.2.4.
    pub(super) fn check(&mut self, request: StunMessage<'_>) -> Result<(), ErrorCode> {
        let Some(integrity) = request.integrity() else {
            return Err(ErrorCode::Unauthorized);
        };
        let claimed = [attribute::USERNAME, attribute::REALM, attribute::NONCE].map(|name| request.find(name));
        let [Some(username), Some(_), Some(nonce)] = claimed else {
            return Err(ErrorCode::BadRequest);
        };
        if username != self.username.as_bytes() || self.mac.verify(&integrity.covered(), integrity.tag).is_err() {
            return Err(ErrorCode::Unauthorized);
        }
        if nonce != self.nonce.as_bytes() {
            return Err(ErrorCode::StaleNonce);
        }
        Ok(())
    }

    /// Appends what a client needs to try again.
    pub(super) fn challenge(&self, reply: Reply) -> Reply {
        reply.with(attribute::REALM, self.realm.as_bytes()).with(attribute::NONCE, self.nonce.as_bytes())
    }

    /// The value of MESSAGE-INTEGRITY over a message.
    pub(super) fn sign(&mut self, message: &[u8]) -> [u8; Self::TAG_LEN] {
        let mut tag = [0; Self::TAG_LEN];
        self.mac.sign(&[message], &mut tag).expect("invariant: the tag of HMAC-SHA1 has 20 bytes");
        tag
    }
}
