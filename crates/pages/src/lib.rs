//! What people look at: typed page models in, HTML out. No I/O, no HTTP, no JavaScript.
//!
//! Every text is escaped by the template engine; the pages refer to nothing but the stylesheet, the icon and paths of
//! the same server, so they work under `default-src 'none'; style-src 'self'; img-src 'self'` (N-136).

mod address;

pub use address::ShownAddress;
