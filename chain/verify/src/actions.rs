//! Lists of actions as people write them: in files for `smart51 transact`, and in the steps of scenarios.

use crate::scenario::bytes::{Bytes, BytesError, Resolve};
use crate::scenario::toml_problem;
use crate::typed::TypedContract;
use abi::{Gas, Name};
use chain::actions::{ACTIVE, SYSTEM};
use chain::{Action, ActionList, Authorization, Chain, ChainError};
use serde::Deserialize;
use serde_json::Value;
use state::keys::RegId;

/// One action.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionTable {
    /// The account whose contract runs, as [`Chain::resolve`] takes it, or `0-0` for the chain itself.
    pub account: String,
    /// Its name; empty where it has none.
    #[serde(default)]
    pub name: String,
    /// Its data.
    #[serde(default)]
    pub data: Bytes,
    /// Its data by the contract's ABI: the arguments of the action, by name or in order, in place of `data`.
    pub args: Option<Value>,
    /// The amount that goes with it, in the smallest unit.
    #[serde(default)]
    pub value: u64,
    /// Whose authority it has, each as `ACCOUNT` or `ACCOUNT@PERMISSION`; the sender's, where nothing is said.
    pub authorization: Option<Vec<String>>,
}

/// A file of actions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionsFile {
    /// The context-free ones, which come first.
    #[serde(default)]
    pub context_free: Vec<ActionTable>,
    /// The others.
    pub action: Vec<ActionTable>,
}

impl ActionsFile {
    /// The file with this text.
    ///
    /// # Errors
    /// Line, column and what is wrong there, in one line.
    pub fn read(text: &str) -> Result<ActionsFile, String> {
        toml::from_str(text).map_err(|error| toml_problem(text, &error))
    }
}

/// Why a list of actions cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActionsError {
    /// The data of an action cannot be made.
    #[error("action {action}: data: {source}")]
    Data {
        /// The place of the action, counted from 1, the context-free ones first.
        action: usize,
        /// What is wrong.
        source: BytesError,
    },
    /// A name of an action is none.
    #[error("action {action}: `{text}` is no name: use up to 12 of a to z, 1 to 5 and `.`")]
    Name {
        /// The place of the action.
        action: usize,
        /// What stands there.
        text: String,
    },
    /// The price of gas cannot be read.
    #[error(transparent)]
    Price(#[from] ChainError),
    /// There is no such account, or the node failed.
    #[error("action {action}: {source}")]
    Account {
        /// The place of the action.
        action: usize,
        /// What is wrong.
        source: ChainError,
    },
}

/// The transaction of `sender` with these actions, whose names and data mean what they do on `chain`.
///
/// # Errors
/// The place of the action and what is wrong with it.
pub fn list(
    chain: &Chain,
    names: &dyn Resolve,
    sender: RegId,
    (context_free, actions): (&[ActionTable], &[ActionTable]),
    gas_limit: Gas,
) -> Result<ActionList, ActionsError> {
    let mut list = ActionList {
        sender,
        gas_limit,
        gas_price: chain.gas_price()?,
        ..ActionList::default()
    };
    for (table, place) in context_free.iter().zip(1..) {
        list.context_free
            .push(table.action(chain, names, None, place)?);
    }
    for (table, place) in actions.iter().zip(1 + context_free.len()..) {
        list.actions
            .push(table.action(chain, names, Some(sender), place)?);
    }
    Ok(list)
}

impl ActionTable {
    fn data(&self, chain: &Chain, names: &dyn Resolve) -> Result<Vec<u8>, BytesError> {
        let data = self.data.resolve(names)?;
        let Some(arguments) = &self.args else {
            return Ok(data);
        };
        if !data.is_empty() {
            let problem = "give either args, by the contract's ABI, or data";
            return Err(BytesError::Typed(problem.into()));
        }
        let contract = TypedContract::of(chain, &self.account)?;
        Ok(contract.data(&self.name, arguments)?)
    }

    fn action(
        &self,
        chain: &Chain,
        names: &dyn Resolve,
        sender: Option<RegId>,
        place: usize,
    ) -> Result<Action, ActionsError> {
        let name_of = |text: &str| {
            text.parse::<Name>().map_err(|_| ActionsError::Name {
                action: place,
                text: text.into(),
            })
        };
        let account_of = |name: &str| match name {
            "0-0" => Ok(SYSTEM),
            name => chain.resolve(name).map_err(|source| ActionsError::Account {
                action: place,
                source,
            }),
        };
        let authorization = match &self.authorization {
            None => sender
                .into_iter()
                .map(|actor| Authorization {
                    actor,
                    permission: ACTIVE,
                })
                .collect(),
            Some(texts) => {
                let each = texts.iter().map(|text| {
                    let (actor, permission) = text.split_once('@').unwrap_or((text, "active"));
                    Ok(Authorization {
                        actor: account_of(actor)?,
                        permission: name_of(permission)?,
                    })
                });
                each.collect::<Result<_, ActionsError>>()?
            }
        };
        Ok(Action {
            account: account_of(&self.account)?,
            name: name_of(&self.name)?,
            authorization,
            value: self.value,
            data: self
                .data(chain, names)
                .map_err(|source| ActionsError::Data {
                    action: place,
                    source,
                })?,
        })
    }
}
