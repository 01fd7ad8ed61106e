//! Tests of whole associations; what concerns one part stands with it.

mod behaviour;
mod collapse;
mod course;
mod figures;
mod lossy;
mod pair;
mod priorities;
