//! [`Typed`]: a receipt in the words of the contracts' ABIs.

use super::codec;
use crate::actions::ActionList;
use crate::body::Body;
use crate::error::ChainError;
use crate::names::{self, RegIdText};
use crate::receipt::{Event, Frame, FrameKind, Receipt, Work};
use crate::registry::Contract;
use abi::Name;
use contract::{Codec, Value};
use state::Overlay;
use state::keys::RegId;
use std::collections::{BTreeMap, BTreeSet};

/// What the ABIs of the contracts of a receipt say of it. It is empty where none has one.
///
/// They are the ABIs that the contracts have in the state that is asked, so an old receipt is told in the words of
/// today's.
#[derive(Debug, Default)]
pub struct Typed {
    codecs: BTreeMap<RegId, Codec>,
    /// The action and its arguments of each frame of which the input is known.
    calls: BTreeMap<u16, (Name, Value)>,
    names: BTreeMap<RegId, String>,
}

/// What a transaction was given, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub enum Given<'g> {
    /// A call, with this input.
    Input(&'g [u8]),
    /// These actions.
    Actions(&'g ActionList),
    /// Nothing, or something that is not known.
    Unknown,
}

impl<'g> From<Option<&'g Body>> for Given<'g> {
    fn from(body: Option<&'g Body>) -> Given<'g> {
        match body {
            Some(Body::Call { input, .. }) => Given::Input(input),
            Some(Body::Actions(list)) => Given::Actions(list),
            _ => Given::Unknown,
        }
    }
}

/// A value and its type.
#[derive(Debug)]
pub struct TypedValue<'t> {
    typed: &'t Typed,
    codec: &'t Codec,
    type_name: &'t str,
    /// The value in JSON.
    pub value: Value,
}

impl TypedValue<'_> {
    /// The value in a line, registered ids with local names in front.
    #[must_use]
    pub fn text(&self) -> String {
        let name = |height: u32, index: u16| self.typed.shown(height, index);
        self.codec.text_with(self.type_name, &self.value, &name)
    }
}

impl Typed {
    /// What `state` has for this receipt of a transaction that was given this.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn of(
        state: &mut Overlay<'_>,
        receipt: &Receipt,
        given: Given<'_>,
    ) -> Result<Typed, ChainError> {
        let runs = receipt.frames.iter();
        let runs = runs.filter(|frame| matches!(frame.work, Work::Run(_)));
        let contracts = runs.map(|frame| frame.receiver).collect();
        let mut typed = Typed::of_contracts(state, &contracts)?;
        for (number, frame) in (0..=u16::MAX).zip(&receipt.frames) {
            if let Some(input) = input_of(frame, number, receipt, given)
                && let Some(call) = typed.decode_call(frame, input)
            {
                typed.calls.insert(number, call);
            }
        }
        Ok(typed)
    }

    /// What `state` has of these contracts.
    ///
    /// # Errors
    /// As [`Typed::of`].
    pub fn of_contracts(
        state: &mut Overlay<'_>,
        contracts: &BTreeSet<RegId>,
    ) -> Result<Typed, ChainError> {
        let mut typed = Typed::default();
        for id in contracts {
            if let Some(contract) = Contract::load(state, id)?
                && let Some(codec) = codec(state, &contract)?
            {
                typed.codecs.insert(*id, codec);
            }
        }
        if !typed.codecs.is_empty() {
            let known = names::all(state)?;
            typed.names = known.into_iter().map(|(name, id)| (id, name)).collect();
        }
        Ok(typed)
    }

    fn decode_call(&self, frame: &Frame, input: &[u8]) -> Option<(Name, Value)> {
        let codec = self.codecs.get(&frame.receiver)?;
        match frame.action {
            0 => codec.decode_call(input).ok(),
            action => {
                let name = Name(action);
                let arguments = codec.decode_arguments(&name.to_string(), input).ok()?;
                Some((name, arguments))
            }
        }
    }

    /// The action of a frame and its arguments, where its input is known and is one of the contract's actions.
    #[must_use]
    pub fn call(&self, receipt: &Receipt, frame: u16) -> Option<(Name, TypedValue<'_>)> {
        let (name, value) = self.calls.get(&frame)?;
        let codec = self
            .codecs
            .get(&receipt.frames.get(usize::from(frame))?.receiver)?;
        let action = codec.contract().action(&name.to_string())?;
        let value = self.value(codec, &action.r#type, value.clone());
        Some((*name, value))
    }

    /// What a frame returned.
    #[must_use]
    pub fn returned(&self, receipt: &Receipt, frame: u16) -> Option<TypedValue<'_>> {
        let ran = receipt.frames.get(usize::from(frame))?;
        let Work::Run(run) = &ran.work else {
            return None;
        };
        let codec = self.codecs.get(&ran.receiver)?;
        let name = match self.calls.get(&frame) {
            Some((name, _)) => *name,
            None => Name(ran.action),
        };
        let name = name.to_string();
        let type_name = codec.contract().result_type(&name)?;
        let value = codec.decode_result(&name, &run.returned).ok()?;
        Some(self.value(codec, type_name, value))
    }

    /// The fields of an event of the contract `source`.
    #[must_use]
    pub fn event(&self, source: &RegId, event: &Event) -> Option<TypedValue<'_>> {
        let codec = self.codecs.get(source)?;
        let name = str::from_utf8(event.name()).ok()?;
        let type_name = &codec.contract().event(name)?.r#type;
        let value = codec
            .decode_event(name, event.topics(), event.data())
            .ok()?;
        Some(self.value(codec, type_name, value))
    }

    /// A record of the data of a contract as the row of a table: the table, the key and the value.
    #[must_use]
    pub fn row(
        &self,
        contract: &RegId,
        key: &[u8],
        value: &[u8],
    ) -> Option<(Name, TypedValue<'_>, TypedValue<'_>)> {
        let codec = self.codecs.get(contract)?;
        let entry = codec.decode_entry(key, value).ok()??;
        let table = codec.table_of(key)?;
        let key = self.value(codec, &table.key, entry.key);
        Some((
            entry.table,
            key,
            self.value(codec, &table.value, entry.value),
        ))
    }

    /// The name and the sentence of an exit code of a contract.
    #[must_use]
    pub fn error(&self, contract: &RegId, code: u8) -> Option<(&str, Option<&str>)> {
        let contract = self.codecs.get(contract)?.contract();
        Some((contract.error_name(code)?, contract.error_message(code)))
    }

    /// Whether no contract of the receipt has an ABI.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codecs.is_empty()
    }

    const fn value<'t>(
        &'t self,
        codec: &'t Codec,
        type_name: &'t str,
        value: Value,
    ) -> TypedValue<'t> {
        TypedValue {
            typed: self,
            codec,
            type_name,
            value,
        }
    }

    /// A registered id, with its local name in front where it has one.
    fn shown(&self, height: u32, index: u16) -> Option<String> {
        let id = regid(height, index);
        let name = self.names.get(&id)?;
        Some(format!("{name} {}", RegIdText(id)))
    }
}

/// A registered id as contracts have it.
pub(super) fn regid(height: u32, index: u16) -> RegId {
    let mut id = RegId::default();
    id[..4].copy_from_slice(&height.to_le_bytes());
    id[4..].copy_from_slice(&index.to_le_bytes());
    id
}

/// The input of a frame, as far as its transaction tells it: that of the contract called, or the data of its actions.
fn input_of<'b>(
    frame: &Frame,
    number: u16,
    receipt: &Receipt,
    given: Given<'b>,
) -> Option<&'b [u8]> {
    match given {
        Given::Input(input) if number == 0 => Some(input),
        Given::Actions(list) if frame.parent.is_none() => {
            let is_context_free = frame.kind == FrameKind::ContextFree;
            let actions = match is_context_free {
                true => &list.context_free,
                false => &list.actions,
            };
            let before = receipt.frames.iter().take(number.into());
            let before = before.filter(|it| {
                it.parent.is_none() && (it.kind == FrameKind::ContextFree) == is_context_free
            });
            actions.get(before.count()).map(|action| &action.data[..])
        }
        _ => None,
    }
}
