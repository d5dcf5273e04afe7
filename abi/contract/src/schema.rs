//! [`Contract`] and its parts, as plain data.

use abi::Name;

/// What a contract's interface is: the ABI of EOS 1.2, with our [`Extension`].
///
/// Anything can be in it. [`Contract::check`] says whether it makes sense, and
/// [`Codec::new`](crate::Codec::new) takes only one that does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// [`ABI_VERSION`](crate::ABI_VERSION), or another `eosio::abi/1.…`.
    pub version: String,
    /// Other names of types.
    pub types: Vec<TypeDef>,
    /// Structs.
    pub structs: Vec<StructDef>,
    /// Actions, each with the struct of its arguments.
    pub actions: Vec<ActionDef>,
    /// Tables, each with the struct of its rows.
    pub tables: Vec<TableDef>,
    /// Legal texts. Nothing here reads them.
    pub ricardian_clauses: Vec<Clause>,
    /// Sentences of exit codes.
    pub error_messages: Vec<ErrorMessage>,
    /// Extensions of others, kept as they are: tag and bytes. None has our tag.
    pub abi_extensions: Vec<(u16, Vec<u8>)>,
    /// Types that are one of several.
    pub variants: Vec<VariantDef>,
    /// The types of what actions return.
    pub action_results: Vec<ActionResult>,
    /// Our part.
    pub smart51: Option<Extension>,
}

/// Another name of a type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeDef {
    /// The new name.
    pub new_type_name: String,
    /// The type.
    pub r#type: String,
}

/// A struct.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StructDef {
    /// The name.
    pub name: String,
    /// The struct whose fields come first, or nothing.
    pub base: String,
    /// The fields, in order.
    pub fields: Vec<FieldDef>,
}

/// A field of a struct.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldDef {
    /// The name.
    pub name: String,
    /// The type.
    pub r#type: String,
}

/// An action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionDef {
    /// The name.
    pub name: Name,
    /// The struct of its arguments.
    pub r#type: String,
    /// A legal text. [`docs`](crate::docs()) shows it.
    pub ricardian_contract: String,
}

/// A table, as EOS describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableDef {
    /// The name.
    pub name: Name,
    /// `i64` with EOS; nothing here reads it.
    pub index_type: String,
    /// Names of keys; nothing here reads them.
    pub key_names: Vec<String>,
    /// Types of keys; nothing here reads them.
    pub key_types: Vec<String>,
    /// The struct of its rows. A row is the key and the value, see [`TableExt`].
    pub r#type: String,
}

/// A legal text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clause {
    /// Its name.
    pub id: String,
    /// The text.
    pub body: String,
}

/// The sentence of an exit code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorMessage {
    /// The code. Exit codes of contracts here are bytes.
    pub error_code: u64,
    /// The sentence.
    pub error_msg: String,
}

/// A type that is one of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VariantDef {
    /// The name.
    pub name: String,
    /// The types that it can be, in order: the number of one stands before its bytes.
    pub types: Vec<String>,
}

/// The type of what an action returns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionResult {
    /// The action.
    pub name: Name,
    /// The type.
    pub result_type: String,
}

/// What a contract here has beyond the ABI of EOS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// [`EXTENSION_VERSION`](crate::EXTENSION_VERSION).
    pub version: u8,
    /// How the contract is told which action is meant.
    pub dispatch: Dispatch,
    /// `true` if the contract can be entered while it waits for a contract that it called.
    pub reentrant: bool,
    /// The actions, each with its selector.
    pub actions: Vec<ActionExt>,
    /// The events.
    pub events: Vec<EventDef>,
    /// The tables, each with how its keys and values lie in the contract's data.
    pub tables: Vec<TableExt>,
    /// Names of exit codes.
    pub errors: Vec<ErrorName>,
}

/// How a contract is told which action is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dispatch {
    /// The first byte of the input is the action's selector, and its arguments follow.
    #[default]
    Selector,
    /// Receiver, code and name of the action come before the arguments, as `apply` of EOS has them.
    Apply,
}

/// An action's part of the extension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActionExt {
    /// The action.
    pub name: Name,
    /// The first byte of its input; 0 under [`Dispatch::Apply`].
    pub selector: u8,
    /// `true` if money can be sent with it.
    pub payable: bool,
    /// `true` if it changes nothing.
    pub read_only: bool,
}

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventDef {
    /// The name: 1 to 32 letters `a` to `z`, digits and `_`.
    pub name: String,
    /// The struct of its fields.
    pub r#type: String,
    /// The fields that are topics, in order. All other fields are the event's data.
    pub topics: Vec<String>,
}

/// How the rows of a table lie in a contract's data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableExt {
    /// The table.
    pub name: Name,
    /// The first bytes of its keys.
    pub prefix: Vec<u8>,
    /// The type of the rest of a key.
    pub key: String,
    /// The type of a value.
    pub value: String,
    /// The indexes of the table.
    pub indexes: Vec<IndexExt>,
}

/// An index of a table: a key for each row, `prefix`, the bytes of a field and the rest of the
/// row's key, with an empty value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexExt {
    /// The name.
    pub name: Name,
    /// The first bytes of its keys.
    pub prefix: Vec<u8>,
    /// The field of the row, of a type of fixed size. A number has its highest byte first here, so
    /// that keys are in order.
    pub field: String,
}

/// The name of an exit code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorName {
    /// The exit code: any but 1, which is success.
    pub code: u8,
    /// The name.
    pub name: String,
}

impl Default for Contract {
    fn default() -> Contract {
        Contract {
            version: crate::ABI_VERSION.into(),
            types: Vec::new(),
            structs: Vec::new(),
            actions: Vec::new(),
            tables: Vec::new(),
            ricardian_clauses: Vec::new(),
            error_messages: Vec::new(),
            abi_extensions: Vec::new(),
            variants: Vec::new(),
            action_results: Vec::new(),
            smart51: None,
        }
    }
}

impl Default for Extension {
    fn default() -> Extension {
        Extension {
            version: crate::EXTENSION_VERSION,
            dispatch: Dispatch::Selector,
            reentrant: false,
            actions: Vec::new(),
            events: Vec::new(),
            tables: Vec::new(),
            errors: Vec::new(),
        }
    }
}

impl TypeDef {
    /// `address`: the 20 bytes of a key's hash (HASH160), to which an account belongs.
    #[must_use]
    pub fn address() -> TypeDef {
        TypeDef {
            new_type_name: "address".into(),
            r#type: "checksum160".into(),
        }
    }

    /// `object`: the id of an object.
    #[must_use]
    pub fn object() -> TypeDef {
        TypeDef {
            new_type_name: "object".into(),
            r#type: "uint64".into(),
        }
    }
}

impl StructDef {
    /// `regid`: a registered id, exactly the six bytes that contracts have. Foreign clients see a
    /// struct; here it can also be given as `2-0`, or by a name.
    #[must_use]
    pub fn regid() -> StructDef {
        let field = |name: &str, r#type: &str| FieldDef {
            name: name.into(),
            r#type: r#type.into(),
        };
        StructDef {
            name: "regid".into(),
            base: String::new(),
            fields: vec![field("height", "uint32"), field("index", "uint16")],
        }
    }

    /// Whether this is [`StructDef::regid`].
    pub(crate) fn is_regid(&self) -> bool {
        self.name == "regid" && *self == StructDef::regid()
    }
}

impl Contract {
    /// The action of a name.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&ActionDef> {
        let name = Name::of(name)?;
        self.actions.iter().find(|action| action.name == name)
    }

    /// The extension's part of the action of a name.
    #[must_use]
    pub fn action_ext(&self, name: &str) -> Option<&ActionExt> {
        let name = Name::of(name)?;
        let extension = self.smart51.as_ref()?;
        extension.actions.iter().find(|action| action.name == name)
    }

    /// The action of a selector, if actions have selectors.
    #[must_use]
    pub fn action_by_selector(&self, selector: u8) -> Option<&ActionDef> {
        let extension = self.smart51.as_ref()?;
        let found = match extension.dispatch {
            Dispatch::Selector => extension.actions.iter().find(|a| a.selector == selector)?,
            Dispatch::Apply => return None,
        };
        self.actions.iter().find(|action| action.name == found.name)
    }

    /// The selector of the action of a name, if actions have selectors.
    #[must_use]
    pub fn selector(&self, name: &str) -> Option<u8> {
        let extension = self.smart51.as_ref()?;
        match extension.dispatch {
            Dispatch::Selector => self.action_ext(name).map(|action| action.selector),
            Dispatch::Apply => None,
        }
    }

    /// The type of what an action returns.
    #[must_use]
    pub fn result_type(&self, action: &str) -> Option<&str> {
        let name = Name::of(action)?;
        let result = self.action_results.iter().find(|r| r.name == name)?;
        Some(&result.result_type)
    }

    /// The event of a name.
    #[must_use]
    pub fn event(&self, name: &str) -> Option<&EventDef> {
        let extension = self.smart51.as_ref()?;
        extension.events.iter().find(|event| event.name == name)
    }

    /// The name of an exit code.
    #[must_use]
    pub fn error_name(&self, code: u8) -> Option<&str> {
        let extension = self.smart51.as_ref()?;
        let found = extension.errors.iter().find(|error| error.code == code)?;
        Some(&found.name)
    }

    /// The exit code of a name.
    #[must_use]
    pub fn error_code(&self, name: &str) -> Option<u8> {
        let extension = self.smart51.as_ref()?;
        let found = extension.errors.iter().find(|error| error.name == name)?;
        Some(found.code)
    }

    /// The sentence of an exit code.
    #[must_use]
    pub fn error_message(&self, code: u8) -> Option<&str> {
        let found = self
            .error_messages
            .iter()
            .find(|error| error.error_code == u64::from(code))?;
        Some(&found.error_msg)
    }
}
