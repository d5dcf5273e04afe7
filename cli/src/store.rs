//! Where the chain is kept: `--store`, and opening what lies there.

use crate::advice;
use crate::error::{Error, Status};
use crate::files;
use chain::{Chain, ChainError, Genesis};
use clap::Args;
use hostapi::NodeError;
use state::{SledStore, StateStore, StoreError};
use std::env;
use std::path::PathBuf;

/// The option of every command that works on the local chain.
#[derive(Args, Debug)]
pub(crate) struct StoreArgs {
    /// The folder with the chain; `account new` makes a chain in a new or empty one [default: smart51 in
    /// $XDG_DATA_HOME, or else in ~/.local/share].
    #[arg(long, value_name = "DIR", global = true)]
    store: Option<PathBuf>,
}

impl StoreArgs {
    /// The folder of the store.
    ///
    /// # Errors
    /// If none was named and there is no default.
    pub(crate) fn folder(self) -> Result<PathBuf, Error> {
        let folder = self.store.or_else(default_folder).ok_or_else(|| {
            Error::input("neither XDG_DATA_HOME nor HOME is set; name a folder with --store")
        })?;
        files::keep(&folder);
        Ok(folder)
    }

    /// Opens the chain, or makes a new one: for commands that a chain can begin with.
    ///
    /// # Errors
    /// If the folder is another program's, in use, or cannot be read, or the store holds something else than a chain.
    pub(crate) fn open(self) -> Result<Chain, Error> {
        let store = SledStore::open(&self.folder()?)?;
        Ok(Chain::open(Box::new(store), Genesis::default())?)
    }

    /// Makes a chain with these settings. There must be none.
    ///
    /// # Errors
    /// As [`StoreArgs::open`], and if there is one already.
    pub(crate) fn new_chain(self, genesis: Genesis) -> Result<Chain, Error> {
        let folder = self.folder()?;
        let store = SledStore::open(&folder)?;
        match store.next(b"", None)? {
            None => Ok(Chain::open(Box::new(store), genesis)?),
            Some(_) => Err(Error::input(format_args!(
                "{} holds a chain already; name a new folder with --store",
                folder.display()
            ))),
        }
    }

    /// Opens the chain to change it. It must be there.
    ///
    /// # Errors
    /// As [`StoreArgs::open`], and if there is no chain.
    pub(crate) fn existing(self) -> Result<Chain, Error> {
        let folder = self.folder()?;
        let store = SledStore::existing(&folder)?;
        Ok(Chain::existing(Box::new(with_chain(store, folder)?))?)
    }

    /// Opens the chain to look at it: it must be there, and is not written to.
    ///
    /// # Errors
    /// As [`StoreArgs::existing`], and if there is no place where it can be read.
    pub(crate) fn look(self) -> Result<Chain, Error> {
        Ok(Chain::existing(Box::new(self.look_store()?))?)
    }

    /// Opens the store to look at it, whatever it holds.
    ///
    /// # Errors
    /// As [`StoreArgs::look`].
    pub(crate) fn look_store(self) -> Result<SledStore, Error> {
        let folder = self.folder()?;
        with_chain(SledStore::to_read(&folder)?, folder)
    }
}

/// `store`, unless it is empty: the making of its chain was interrupted.
fn with_chain(store: SledStore, folder: PathBuf) -> Result<SledStore, Error> {
    match store.next(b"", None)? {
        Some(_) => Ok(store),
        None => Err(StoreError::Missing(folder).into()),
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
            StoreError::Foreign { .. } | StoreError::Missing(_) | StoreError::Exists(_) => {
                Status::BadInput
            }
            _ => Status::NodeFailed,
        };
        Error {
            status,
            message: advice::about_store(&error),
        }
    }
}

impl From<NodeError> for Error {
    fn from(error: NodeError) -> Error {
        Error::node(advice::about_node(&error))
    }
}

impl From<ChainError> for Error {
    fn from(error: ChainError) -> Error {
        match error {
            ChainError::Node(error) => error.into(),
            error if error.is_node() => Error::node(error),
            error => Error::input(error),
        }
    }
}
