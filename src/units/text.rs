//! One macro that gives a quantity its serde and JSON-schema face: a text with a unit.

/// Serialises the type by `Display`, reads it by `FromStr`, and describes it as a string.
macro_rules! text_type {
    ($type:ty, $name:literal, $meaning:literal, $example:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct TextVisitor;
                impl serde::de::Visitor<'_> for TextVisitor {
                    type Value = $type;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("a text with a unit, such as \"", $example, "\""))
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(|error: $crate::units::UnitError| match error.suggestion() {
                            Some(unit) => E::custom(format!("{error}; did you mean \"{unit}\"?")),
                            None => E::custom(error),
                        })
                    }
                }
                deserializer.deserialize_str(TextVisitor)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "description": $meaning, "examples": [$example] })
            }
        }
    };
}

pub(super) use text_type;
