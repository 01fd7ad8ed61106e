//! The parameters of a rule that has none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A table without a key.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoParameters {}
