//! Requests and responses, written and read with the stack's codec.

use rtc::crypto::default_provider;
use rtc::stun::attributes::{ATTR_NONCE, ATTR_REALM, ATTR_USERNAME};
use rtc::stun::error_code::ErrorCodeAttribute;
use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{Getter, Message, MessageType, Setter, TransactionId};
use rtc::stun::textattrs::TextAttribute;

/// A response of the server, read with the stack's codec.
pub(super) struct Answer {
    pub(super) message: Message,
    pub(super) raw: Vec<u8>,
}

impl Answer {
    pub(super) fn read(raw: &[u8]) -> Self {
        let mut message = Message::new();
        message.unmarshal_binary(raw).expect("a message");
        Self { message, raw: raw.to_vec() }
    }

    /// The error code, or 0 for a success.
    pub(super) fn code(&self) -> u16 {
        let mut code = ErrorCodeAttribute::default();
        if code.get_from(&self.message).is_ok() { code.code.0 } else { 0 }
    }

    pub(super) fn get<T: Getter + Default>(&self) -> T {
        let mut value = T::default();
        value.get_from(&self.message).expect("the attribute");
        value
    }

    /// Whether MESSAGE-INTEGRITY is there and right.
    pub(super) fn is_signed(&mut self) -> bool {
        let provider = default_provider().expect("a provider");
        MessageIntegrity::check(&mut self.message, &key("password"), provider.crypto()).is_ok()
    }
}

fn key(password: &str) -> Vec<u8> {
    let provider = default_provider().expect("a provider");
    let (user, realm) = ("user".to_owned(), "peerscape".to_owned());
    MessageIntegrity::long_term_integrity_key(user, realm, password.to_owned(), provider.crypto()).expect("a key")
}

/// A message without credentials.
pub(super) fn plain(kind: MessageType, id: u8, attributes: Vec<Box<dyn Setter + '_>>) -> Message {
    let mut setters: Vec<Box<dyn Setter + '_>> = vec![Box::new(TransactionId([id; 12])), Box::new(kind)];
    setters.extend(attributes);
    let mut message = Message::new();
    message.build(&setters).expect("a message");
    message
}

/// A request with credentials and FINGERPRINT, as a client sends it that knows the nonce.
pub(super) fn signed(kind: MessageType, id: u8, attributes: Vec<Box<dyn Setter>>, nonce: &str) -> Message {
    let provider = default_provider().expect("a provider");
    let mut attributes: Vec<Box<dyn Setter + '_>> = attributes;
    attributes.push(Box::new(TextAttribute::new(ATTR_USERNAME, "user".to_owned())));
    attributes.push(Box::new(TextAttribute::new(ATTR_REALM, "peerscape".to_owned())));
    attributes.push(Box::new(TextAttribute::new(ATTR_NONCE, nonce.to_owned())));
    attributes.push(Box::new(MessageIntegrity::new_raw_integrity_with_provider(key("password"), provider.crypto())));
    attributes.push(Box::new(FINGERPRINT));
    plain(kind, id, attributes)
}
