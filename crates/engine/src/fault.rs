//! Why a call did not succeed: the caller was refused, or something of ours broke.

use parhelion_protocol::refusal::{Reason, Refusal, Row};

use crate::ports::{EntropyFault, PasswordsBusy, StoreFault};

/// Something of ours broke; never the caller's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The store.
    Store(StoreFault),
    /// The operating system's randomness.
    Entropy,
    /// Sealing, signing or encoding.
    Crypto,
    /// A record that is there but cannot be read.
    Record,
    /// Password hashing has no room for another.
    Busy,
}

impl Fault {
    /// The row that the caller hears.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::Store(StoreFault::Unavailable | StoreFault::InDoubt) => Reason::StoreUnavailable,
            Self::Busy => Reason::Overloaded,
            Self::Store(StoreFault::Malformed | StoreFault::Corrupt) | Self::Entropy | Self::Crypto | Self::Record => {
                Reason::ServerFault
            }
        }
    }
}

impl From<StoreFault> for Fault {
    fn from(fault: StoreFault) -> Self {
        Self::Store(fault)
    }
}

impl From<EntropyFault> for Fault {
    fn from(_: EntropyFault) -> Self {
        Self::Entropy
    }
}

impl From<PasswordsBusy> for Fault {
    fn from(_: PasswordsBusy) -> Self {
        Self::Busy
    }
}

/// A call that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// The caller was refused; nothing changed but once-keys.
    Refused(Refusal),
    /// Something of ours broke.
    Faulted(Fault),
}

impl Turned {
    /// The refusal that the caller hears; a fault is told as one of the 9xx rows.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => *refusal,
            Self::Faulted(fault) => fault.reason().into(),
        }
    }

    /// The public row of [`Turned::refusal`].
    #[must_use]
    pub fn public(&self) -> &'static Row {
        self.refusal().public()
    }
}

impl From<Refusal> for Turned {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Reason> for Turned {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason.into())
    }
}

impl<T: Into<Fault>> From<T> for Turned {
    fn from(fault: T) -> Self {
        Self::Faulted(fault.into())
    }
}
