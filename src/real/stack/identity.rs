//! What the ends of a replication share: certificate and random source.
//!
//! One certificate for all, for making a key is the dearest part of a set-up and says nothing
//! about the network. The stack draws ICE credentials, DTLS randoms and cookies from an injected
//! source, seeded here. ECDSA signatures are randomised, and their DER encoding takes 70 to 72
//! bytes; the key here signs again until it takes 71, so that a handshake has the same size every
//! time. STUN transaction ids, SCTP tags and sequence numbers and the ephemeral keys come from the
//! system's randomness; they have fixed sizes and decide nothing.

use std::fmt;
use std::sync::{Arc, Mutex};

use rand::Rng;
use rtc::crypto::{
    CryptoError, PublicKey, RTCCrypto, RTCCryptoProvider, RTCRandom, SecretVec, SignatureScheme, SigningKey,
};
use rtc::peer_connection::certificate::{CertificateParams, RTCCertificate};

use super::StackError;
use crate::rng::{Domain, Stream, Streams};

/// Certificate and random source of the ends of one replication.
#[derive(Clone)]
pub struct Identity {
    pub(super) certificate: RTCCertificate,
    pub(super) provider: Arc<dyn RTCCryptoProvider>,
}

impl Identity {
    /// A new certificate, and a random source from `streams`.
    ///
    /// # Errors
    /// When no cryptography is built in.
    pub fn new(streams: Streams) -> Result<Self, StackError> {
        let inner = rtc::crypto::default_provider().map_err(|error| StackError(error.to_string()))?;
        let fits = |made: &Result<RTCCertificate, StackError>| {
            made.as_ref().map_or(true, |certificate| certificate_bytes(certificate) == CERTIFICATE_BYTES)
        };
        let even = (0..TRIES_MAX).map(|_| new_certificate(&*inner)).find(fits);
        let certificate = even.unwrap_or_else(|| new_certificate(&*inner))?;
        let random = SeededRandom(Mutex::new(streams.stream(Domain::StackRandom, 0)));
        Ok(Self { certificate, provider: Arc::new(Provider { inner, random }) })
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// Subject of the certificate.
const SUBJECT: &str = "peer";
/// The DER sizes that come most often; others are made again.
const SIGNATURE_BYTES: usize = 71;
const CERTIFICATE_BYTES: usize = 348;
const TRIES_MAX: u32 = 64;

fn new_certificate(provider: &dyn RTCCryptoProvider) -> Result<RTCCertificate, StackError> {
    let scheme = SignatureScheme::EcdsaP256Sha256;
    let failed = |error: CryptoError| StackError(error.to_string());
    let key = provider.crypto().generate_signing_key(scheme).map_err(failed)?;
    let params = CertificateParams::new(vec![SUBJECT.to_owned()]).map_err(|error| StackError(error.to_string()))?;
    Ok(RTCCertificate::generate_from_signing_key(params, scheme, Arc::new(EvenKey(key)))?)
}

fn certificate_bytes(certificate: &RTCCertificate) -> usize {
    certificate.dtls_certificate.certificate.iter().map(|der| der.len()).sum()
}

// A key whose signatures all have one size.
struct EvenKey(Arc<dyn SigningKey>);

impl SigningKey for EvenKey {
    fn supports(&self, scheme: SignatureScheme) -> bool {
        self.0.supports(scheme)
    }

    fn public_key(&self) -> PublicKey<'_> {
        self.0.public_key()
    }

    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut signature = self.0.sign(scheme, message)?;
        for _ in 0..TRIES_MAX {
            if signature.len() == SIGNATURE_BYTES {
                break;
            }
            signature = self.0.sign(scheme, message)?;
        }
        Ok(signature)
    }

    fn to_pkcs8_der(&self) -> Result<Option<SecretVec>, CryptoError> {
        self.0.to_pkcs8_der()
    }
}

struct Provider {
    inner: Arc<dyn RTCCryptoProvider>,
    random: SeededRandom,
}

impl RTCCryptoProvider for Provider {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn crypto(&self) -> &dyn RTCCrypto {
        self.inner.crypto()
    }

    fn random(&self) -> &dyn RTCRandom {
        &self.random
    }
}

struct SeededRandom(Mutex<Stream>);

impl RTCRandom for SeededRandom {
    fn fill(&self, output: &mut [u8]) -> Result<(), CryptoError> {
        self.0.lock().expect("invariant: nothing panics while it draws").fill_bytes(output);
        Ok(())
    }
}
