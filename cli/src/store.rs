//! Where the chain is kept: `--store`, and opening what lies there.

use crate::error::{Error, Status};
use chain::{Chain, ChainError, Genesis};
use clap::Args;
use hostapi::NodeError;
use hostapi::state::{SledStore, StoreError};
use std::env;
use std::path::PathBuf;

/// The option of every command that works on the local chain.
#[derive(Args, Debug)]
pub(crate) struct StoreArgs {
    /// The folder with the chain; a new or empty one gets a new chain [default: smart51 in
    /// $XDG_DATA_HOME, or else in ~/.local/share].
    #[arg(long, value_name = "DIR", global = true)]
    store: Option<PathBuf>,
}

impl StoreArgs {
    /// Opens the store alone.
    ///
    /// # Errors
    /// If the folder is another program's, in use, or cannot be read.
    pub(crate) fn open_store(self) -> Result<SledStore, Error> {
        let folder = self.store.or_else(default_folder).ok_or_else(|| {
            Error::input("neither XDG_DATA_HOME nor HOME is set; name a folder with --store")
        })?;
        Ok(SledStore::open(&folder)?)
    }

    /// Opens the chain.
    ///
    /// # Errors
    /// As [`StoreArgs::open_store`], and if the store holds something else than a chain.
    pub(crate) fn open(self) -> Result<Chain, Error> {
        Ok(Chain::open(
            Box::new(self.open_store()?),
            Genesis::default(),
        )?)
    }
}

fn default_folder() -> Option<PathBuf> {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let data = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))?;
    Some(data.join("smart51"))
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        let status = match error {
            StoreError::Foreign { .. } => Status::BadInput,
            _ => Status::NodeFailed,
        };
        Error {
            status,
            message: error.to_string(),
        }
    }
}

impl From<NodeError> for Error {
    fn from(error: NodeError) -> Error {
        Error::node(error)
    }
}

impl From<ChainError> for Error {
    fn from(error: ChainError) -> Error {
        if error.is_node() {
            Error::node(error)
        } else {
            Error::input(error)
        }
    }
}
