//! Contract JSON of sources, of images, and of contracts on the chain.

use crate::error::{Error, Status, about};
use crate::files::{read_image, write};
use crate::output::Output;
use crate::store::StoreArgs;
use crate::text::{Page, Text, say};
use crate::toolchain::{self, Sources, Target};
use clap::Args;
use contract::{Codec, Contract};
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;
use verify::abi_file;
use verify::typed::TypedContract;

/// Make contract JSON from the list S51_CONTRACT of a contract in C.
///
/// The compiler's preprocessor reads the sources, as `build` does, which writes the same beside the image. Of a
/// contract in another language, name its WebAssembly image, which has the list in a section.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 abi extract token.c\n  smart51 abi extract token.c -o token.abi\n  \
    smart51 abi extract token.wasm"
)]
pub(super) struct Extract {
    #[command(flatten)]
    sources: Sources,
    /// Whose preprocessor reads it: that of 8051 is sdcc's, that of wasm clang's. Both read the same.
    #[arg(long, value_enum, default_value_t = Target::Mcs51)]
    target: Target,
    /// The file to write [default: standard output].
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

/// Show the actions, events, tables and errors of a contract of the local chain.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 abi show token\n  smart51 abi show token --json > token.abi"
)]
pub(super) struct Show {
    /// The contract: its local name, registered id or address.
    contract: String,
    #[command(flatten)]
    store: StoreArgs,
}

/// Contract JSON, the same in text and with --json.
#[derive(Serialize)]
#[serde(transparent)]
struct Extracted(Value);

impl Extract {
    pub(super) fn run(self, out: &Output) -> Result<Status, Error> {
        let contract = match &self.sources.files[..] {
            [image] if image.extension().is_some_and(|kind| kind == "wasm") => {
                let loaded = read_image(image)?;
                // A file of this ending beside it is not what the image says.
                let found = abi_file::in_image(image, &loaded.image).map_err(Error::input)?;
                found.ok_or_else(|| about(image, "the image says nothing of its actions"))?
            }
            files => {
                let found = toolchain::extract(&self.sources, self.target)?;
                found.ok_or_else(|| {
                    let files: Vec<String> = files.iter().map(|it| it.display().to_string()).collect();
                    Error::input(format_args!(
                        "{}: there is no S51_CONTRACT: the contract is not typed; docs/c.md tells of typed contracts",
                        files.join(", ")
                    ))
                })?
            }
        };
        match &self.output {
            Some(output) => write(output, format!("{}\n", contract.to_json()).as_bytes())?,
            None => out.print(&Extracted(contract.to_value()))?,
        }
        Ok(Status::Success)
    }
}

impl Text for Extracted {
    fn text(&self, page: &mut Page) {
        for line in format!("{:#}", self.0).lines() {
            say!(page, "{line}");
        }
    }
}

impl Show {
    pub(super) fn run(self, out: &Output) -> Result<Status, Error> {
        let chain = self.store.look()?;
        let contract = TypedContract::of(&chain, &self.contract)?;
        if out.is_json() {
            out.print(&Extracted(contract.codec.contract().to_value()))?;
        } else {
            out.print(&Shown {
                codec: &contract.codec,
            })?;
        }
        Ok(Status::Success)
    }
}

/// A contract's interface, a line for each thing it has.
#[derive(Serialize)]
struct Shown<'c> {
    #[serde(skip)]
    codec: &'c Codec,
}

impl Text for Shown<'_> {
    fn text(&self, page: &mut Page) {
        let contract: &Contract = self.codec.contract();
        for action in &contract.actions {
            let name = action.name.to_string();
            let fields = self.codec.argument_names(&name).unwrap_or_default();
            let fields: String =
                (fields.iter().map(|(name, of)| format!(" {name}:{of}"))).collect();
            let result = contract.result_type(&name);
            let result = result.map_or(String::new(), |result| format!(" -> {result}"));
            let ours = contract.action_ext(&name);
            let payable = if ours.is_some_and(|it| it.payable) {
                " (takes money)"
            } else {
                ""
            };
            let read = if ours.is_some_and(|it| it.read_only) {
                " (changes nothing)"
            } else {
                ""
            };
            say!(page, "action       {name}{fields}{result}{payable}{read}");
        }
        let ours = contract.smart51.as_ref();
        for event in ours.into_iter().flat_map(|it| &it.events) {
            say!(
                page,
                "event        {} ({})",
                event.name,
                event.topics.join(", ")
            );
        }
        for table in ours.into_iter().flat_map(|it| &it.tables) {
            say!(
                page,
                "table        {}: {} = {}",
                table.name,
                table.key,
                table.value
            );
        }
        for error in ours.into_iter().flat_map(|it| &it.errors) {
            let sentence = contract.error_message(error.code).unwrap_or_default();
            say!(
                page,
                "error        {} {}: {sentence}",
                error.code,
                error.name
            );
        }
    }
}
