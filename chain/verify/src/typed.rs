//! Actions, results, events and rows of contracts as people write them, in bytes by the contracts' ABIs.

use crate::scenario::bytes::BytesError;
use chain::{Chain, ChainError, interface};
use contract::Codec;
use serde_json::Value;
use state::keys::RegId;

/// Why a typed value cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TypedError {
    /// The contract is not there, or the node failed.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// It has no ABI.
    #[error("{0} has no ABI, by which its actions, events and tables would have names")]
    NoAbi(String),
    /// It has no such action.
    #[error("{contract} has no action {action}: it has {actions}")]
    NoAction {
        /// The contract.
        contract: String,
        /// The action.
        action: String,
        /// The names of those it has.
        actions: String,
    },
    /// It has no exit code of this name.
    #[error("{contract} has no exit code {name}")]
    NoError {
        /// The contract.
        contract: String,
        /// The name.
        name: String,
    },
    /// The action returns nothing.
    #[error("the action {0} has no result in the contract's ABI")]
    NoResult(String),
    /// The arguments are not those of the action.
    #[error("{source}; expected {action}{signature}")]
    Arguments {
        /// What is wrong, with its place.
        source: contract::Error,
        /// The action.
        action: String,
        /// Its arguments and their types.
        signature: String,
    },
    /// A value is none of its type, or there is nothing of that name.
    #[error(transparent)]
    Value(#[from] contract::Error),
}

impl From<TypedError> for BytesError {
    fn from(error: TypedError) -> BytesError {
        BytesError::Typed(error.to_string())
    }
}

/// A contract of a chain and its ABI.
#[derive(Debug)]
pub struct TypedContract<'c> {
    /// Its registered id.
    pub id: RegId,
    /// Its ABI.
    pub codec: Codec,
    chain: &'c Chain,
    name: String,
}

impl<'c> TypedContract<'c> {
    /// The contract of this name.
    ///
    /// # Errors
    /// If there is none, it has no ABI, or the store cannot be read.
    pub fn of(chain: &'c Chain, name: &str) -> Result<TypedContract<'c>, TypedError> {
        let (id, contract) = chain.contract(name)?;
        let codec = interface::codec(&mut chain.state(), &contract).map_err(ChainError::from)?;
        Ok(TypedContract {
            id,
            codec: codec.ok_or_else(|| TypedError::NoAbi(name.into()))?,
            chain,
            name: name.into(),
        })
    }

    /// The input of a call, with arguments as they are typed on a command line.
    ///
    /// # Errors
    /// If there is no such action, or the arguments are not its own.
    pub fn input_of_texts(&self, action: &str, texts: &[String]) -> Result<Vec<u8>, TypedError> {
        let arguments = self.codec.parse_arguments(action, texts);
        let arguments = arguments.map_err(|error| self.failed(action, error))?;
        self.input(action, &arguments)
    }

    /// The input of a call: the selector of the action, and its arguments in an object or in order.
    ///
    /// # Errors
    /// As [`TypedContract::input_of_texts`].
    pub fn input(&self, action: &str, arguments: &Value) -> Result<Vec<u8>, TypedError> {
        let input = self.codec.encode_call_with(action, arguments, self.chain);
        input.map_err(|error| self.failed(action, error))
    }

    /// The data of an action: its arguments alone.
    ///
    /// # Errors
    /// As [`TypedContract::input_of_texts`].
    pub fn data(&self, action: &str, arguments: &Value) -> Result<Vec<u8>, TypedError> {
        let data = self.codec.encode_arguments(action, arguments, self.chain);
        data.map_err(|error| self.failed(action, error))
    }

    /// The exit code of a name.
    ///
    /// # Errors
    /// If there is none.
    pub fn exit_code(&self, name: &str) -> Result<u8, TypedError> {
        let code = self.codec.contract().error_code(name);
        code.ok_or_else(|| TypedError::NoError {
            contract: self.name.clone(),
            name: name.into(),
        })
    }

    /// The bytes of a result of an action.
    ///
    /// # Errors
    /// If the action has none, or the value is none of its type.
    pub fn result(&self, action: &str, value: &Value) -> Result<Vec<u8>, TypedError> {
        let result_type = self.codec.contract().result_type(action);
        let result_type = result_type.ok_or_else(|| TypedError::NoResult(action.into()))?;
        Ok(self.codec.encode_with(result_type, value, self.chain)?)
    }

    /// What an action returned, in words; in hex where it is none of its type.
    #[must_use]
    pub fn shown_result(&self, action: &str, bytes: &[u8]) -> String {
        let result_type = self.codec.contract().result_type(action);
        self.shown(result_type.unwrap_or_default(), bytes)
    }

    /// The topics and the data of an event with these fields.
    ///
    /// # Errors
    /// If there is no such event, or they are not its fields.
    pub fn event(
        &self,
        name: &str,
        fields: &Value,
    ) -> Result<(Vec<[u8; 32]>, Vec<u8>), TypedError> {
        Ok(self.codec.encode_event_with(name, fields, self.chain)?)
    }

    /// The key of a row; without one, that of the only row of a table without fields in its key.
    ///
    /// # Errors
    /// If there is no such table, or it is no key of it.
    pub fn key(&self, table: &str, key: Option<&Value>) -> Result<Vec<u8>, TypedError> {
        let no_fields = Value::Object(serde_json::Map::new());
        let key = key.unwrap_or(&no_fields);
        Ok(self.codec.encode_key(table, key, self.chain)?)
    }

    /// The value of a row.
    ///
    /// # Errors
    /// As [`TypedContract::key`].
    pub fn value(&self, table: &str, value: &Value) -> Result<Vec<u8>, TypedError> {
        Ok(self
            .codec
            .encode_with(self.value_type(table), value, self.chain)?)
    }

    /// The value of a row, in words; in hex where it is none of its type.
    #[must_use]
    pub fn shown_value(&self, table: &str, bytes: &[u8]) -> String {
        self.shown(self.value_type(table), bytes)
    }

    fn value_type(&self, table: &str) -> &str {
        let extension = self.codec.contract().smart51.as_ref();
        let mut tables = extension.into_iter().flat_map(|it| &it.tables);
        let found = tables.find(|it| it.name.to_string() == table);
        found.map_or("", |it| &it.value)
    }

    fn shown(&self, type_name: &str, bytes: &[u8]) -> String {
        match self.codec.decode(type_name, bytes) {
            Ok(value) => self.codec.text(type_name, &value),
            Err(_) if bytes.is_empty() => "no bytes".into(),
            Err(_) => hex::encode(bytes),
        }
    }

    /// What is wrong with a call: the action, or its arguments.
    fn failed(&self, action: &str, source: contract::Error) -> TypedError {
        let Ok(fields) = self.codec.argument_names(action) else {
            let actions = self.codec.contract().actions.iter();
            let actions: Vec<String> = actions.map(|it| it.name.to_string()).collect();
            return TypedError::NoAction {
                contract: self.name.clone(),
                action: action.into(),
                actions: match actions.is_empty() {
                    true => "none".into(),
                    false => actions.join(", "),
                },
            };
        };
        let fields = fields.iter().map(|(name, of)| format!(" {name}:{of}"));
        TypedError::Arguments {
            source,
            action: action.into(),
            signature: fields.collect(),
        }
    }
}
