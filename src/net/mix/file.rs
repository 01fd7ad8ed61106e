//! A mix as a scenario spells it out: shares by chain, what peers share, or a named mix and what
//! differs from it.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::NatMix;
use crate::net::chains::{ChainId, NAT_CHAINS};
use crate::presets::{HasPresets, OrPreset, unknown_name};
use crate::units::Probability;

const MIX: &str = "mix";
const PEERS_PER_LAN: &str = "peers_per_lan";
const PEERS_PER_CARRIER_NAT: &str = "peers_per_carrier_nat";
const HAIRPIN: &str = "hairpin";
const MULTICAST: &str = "multicast";
const IPV6: &str = "ipv6";

// The keys that are no chain.
const OTHERS: [&str; 6] = [MIX, PEERS_PER_LAN, PEERS_PER_CARRIER_NAT, HAIRPIN, MULTICAST, IPV6];

impl Serialize for NatMix {
    /// Writes the chains that occur, and everything else.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (chain, share) in self.shares().filter(|(_, share)| share.get() > 0.0) {
            map.serialize_entry(chain.chain().key, &share)?;
        }
        map.serialize_entry(PEERS_PER_LAN, &self.peers_per_lan)?;
        map.serialize_entry(PEERS_PER_CARRIER_NAT, &self.peers_per_carrier_nat)?;
        map.serialize_entry(HAIRPIN, &self.hairpin)?;
        map.serialize_entry(MULTICAST, &self.multicast)?;
        map.serialize_entry(IPV6, &self.ipv6)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for NatMix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Table)
    }
}

struct Table;

impl<'de> Visitor<'de> for Table {
    type Value = NatMix;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of shares")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NatMix, A::Error> {
        let mut base = NatMix::default();
        let mut shares: Vec<(ChainId, Probability)> = Vec::new();
        let (mut per_lan, mut per_carrier) = (None, None);
        let (mut hairpin, mut multicast, mut ipv6) = (None, None, None);
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Chain(chain) => shares.push((chain, map.next_value()?)),
                Key::Other(MIX) => base = map.next_value::<Named>()?.0,
                Key::Other(PEERS_PER_LAN) => per_lan = Some(map.next_value()?),
                Key::Other(PEERS_PER_CARRIER_NAT) => per_carrier = Some(map.next_value()?),
                Key::Other(HAIRPIN) => hairpin = Some(map.next_value()?),
                Key::Other(MULTICAST) => multicast = Some(map.next_value()?),
                Key::Other(_) => ipv6 = Some(map.next_value()?),
            }
        }
        for (chain, share) in shares {
            base.shares[chain.index()] = share;
        }
        Ok(NatMix {
            peers_per_lan: per_lan.unwrap_or(base.peers_per_lan),
            peers_per_carrier_nat: per_carrier.unwrap_or(base.peers_per_carrier_nat),
            hairpin: hairpin.unwrap_or(base.hairpin),
            multicast: multicast.unwrap_or(base.multicast),
            ipv6: ipv6.unwrap_or(base.ipv6),
            ..base
        })
    }
}

enum Key {
    Chain(ChainId),
    Other(&'static str),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word;
        impl Visitor<'_> for Word {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
                let other = || OTHERS.into_iter().find(|other| *other == key).map(Key::Other);
                ChainId::named(key).map(Key::Chain).or_else(other).ok_or_else(|| E::custom(unknown_key(key)))
            }
        }
        deserializer.deserialize_identifier(Word)
    }
}

// Worded as serde words an unknown field, so that one reader finds the alternatives in both.
fn unknown_key(key: &str) -> String {
    let keys = NAT_CHAINS.iter().map(|chain| chain.key).chain(OTHERS);
    let names: Vec<String> = keys.map(|key| format!("`{key}`")).collect();
    format!("unknown field `{key}`, expected one of {}", names.join(", "))
}

// A mix by its name, and only so.
struct Named(NatMix);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Named;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Named, E> {
                let named = OrPreset::<NatMix>::named(name).map(|preset| Named(preset.value));
                named.ok_or_else(|| E::custom(unknown_name::<NatMix>(name)))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

impl JsonSchema for NatMix {
    fn schema_name() -> Cow<'static, str> {
        "NatMix".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut share = |description: &str| {
            let reference = generator.subschema_for::<Probability>();
            json_schema!({ "description": description, "allOf": [reference] })
        };
        let mut properties = serde_json::Map::new();
        let mut put = |key: &str, schema: Schema| properties.insert(key.to_owned(), schema.to_value());
        let names: Vec<&str> = Self::presets().iter().map(|preset| preset.name).collect();
        put(MIX, json_schema!({ "description": "A named mix that what follows changes.", "enum": names }));
        for chain in &NAT_CHAINS {
            put(chain.key, share(&format!("Share of peers: {}.", chain.summary())));
        }
        let count = |description: &str| {
            let most = Self::MOST_PEERS_PER_BOX;
            json_schema!({ "description": description, "type": "number", "minimum": 1, "maximum": most })
        };
        put(PEERS_PER_LAN, count("Mean number of the class's peers in one local network."));
        put(PEERS_PER_CARRIER_NAT, count("Mean number of the class's peers behind one carrier-grade NAT."));
        put(HAIRPIN, share("Share of boxes that hairpin."));
        put(MULTICAST, share("Share of local networks on which multicast works, and with it mDNS."));
        put(IPV6, share("Share of local networks that have IPv6 as well."));
        json_schema!({
            "description": "How often each chain of boxes occurs in a class of peers, and who shares one.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}
