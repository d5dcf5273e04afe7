//! The names of functions in a profile.

use crate::error::Error;
use crate::files;
use crate::tree::FaultPlace;
use abi::{Semantics, method};
use bridge::Profile;
use bridge::profile::{Active, Function};
use bridge::wasm::function_names;
use chain::RegIdText;
use firmware::watch::places::{Place, Places};
use loader::Image;
use state::keys::RegId;
use std::collections::BTreeMap;
use std::path::Path;

/// What is known of the functions of an image.
#[derive(Debug, Default)]
pub(crate) enum ImageNames {
    /// Nothing.
    #[default]
    Unknown,
    /// Of an 8051.
    Code(Places),
    /// Of WebAssembly, by index.
    Wasm(BTreeMap<u32, String>),
}

impl ImageNames {
    /// What the symbols beside the image say, or its own name section.
    ///
    /// # Errors
    /// If symbols can't be read, or are those of another image.
    pub(crate) fn of(path: &Path, image: &Image) -> Result<ImageNames, Error> {
        if let Some(wasm) = image.as_wasm() {
            return Ok(ImageNames::Wasm(function_names(wasm)));
        }
        let places = Places::beside(&files::Guarded, path, image)?;
        Ok(places.map_or(ImageNames::Unknown, ImageNames::Code))
    }

    /// Tells a profile where functions begin that are called in this contract, or in the outermost one.
    pub(crate) fn prepare(&self, profile: &mut Profile, contract: Option<RegId>) {
        if let ImageNames::Code(places) = self {
            profile.know_starts(contract, places.starts());
        }
    }

    /// The name of a function of the image, if it is known.
    pub(crate) fn function(&self, function: Function) -> Option<String> {
        match (self, function) {
            (ImageNames::Code(places), Function::Code(_, at)) => places.at(at).function,
            (ImageNames::Wasm(names), Function::Wasm(_, index)) => names.get(&index).cloned(),
            _ => None,
        }
    }

    /// What stands for the name of a function that has none.
    pub(crate) fn plain(function: Function) -> String {
        match function {
            Function::Code(_, at) => format!("0x{at:04X}"),
            Function::Wasm(_, index) => format!("function {index}"),
            _ => String::new(),
        }
    }

    /// The same, where symbols that can't be used are none.
    pub(crate) fn if_known(path: &Path, image: &Image) -> ImageNames {
        ImageNames::of(path, image).unwrap_or_default()
    }
}

/// What is known of the images of a call.
#[derive(Debug, Default)]
pub(crate) struct Names {
    outermost: ImageNames,
    contracts: BTreeMap<RegId, (String, ImageNames)>,
    semantics: Semantics,
}

impl Names {
    /// Those of the contract that is called under these rules.
    pub(crate) fn of(outermost: ImageNames, semantics: Semantics) -> Names {
        Names {
            outermost,
            contracts: BTreeMap::new(),
            semantics,
        }
    }

    /// The rules that it runs under.
    pub(crate) const fn semantics(&self) -> Semantics {
        self.semantics
    }

    /// A profile that knows which functions there are, before the call.
    pub(crate) fn profile(&self) -> Profile {
        let mut profile = Profile::new();
        self.outermost.prepare(&mut profile, None);
        for (id, (_, names)) in &self.contracts {
            names.prepare(&mut profile, Some(*id));
        }
        profile
    }

    /// The image of that number in the profile: what is written before the names of its functions, and what is known
    /// of them.
    fn image(&self, profile: &Profile, image: u16) -> (String, &ImageNames) {
        match profile.contract(image) {
            None => (String::new(), &self.outermost),
            Some(id) => match self.contracts.get(&id) {
                Some((name, names)) => (format!("{name}:"), names),
                None => (format!("{}:", RegIdText(id)), &ImageNames::Unknown),
            },
        }
    }

    /// The name of a function.
    pub(crate) fn name(&self, profile: &Profile, function: Function) -> String {
        match function {
            Function::Call => "call".into(),
            Function::Transaction => "transaction".into(),
            Function::Entry => "entry".into(),
            Function::Host(number) => {
                let spec = method::spec_under(self.semantics, number);
                spec.map_or_else(|| format!("host {number}"), |spec| spec.name.to_owned())
            }
            Function::Code(image, _) | Function::Wasm(image, _) => {
                let (contract, names) = self.image(profile, image);
                let name = names.function(function);
                let name = name.unwrap_or_else(|| ImageNames::plain(function));
                format!("{contract}{name}")
            }
        }
    }

    /// The place at which an 8051 has faulted in the outermost contract, and the calls of the functions under way.
    pub(crate) fn fault(&self, profile: &Profile, pc: u16) -> FaultPlace {
        let sites = profile.stack().iter().filter_map(|active| active.site);
        let callers = sites.map(|site| self.place(profile, 0, site)).collect();
        FaultPlace::called(self.place(profile, 0, pc), callers)
    }

    /// The names of the functions of the outermost contract that were under way when it ended, the newest first.
    pub(crate) fn stack(&self, profile: &Profile) -> Vec<String> {
        let stack = profile.stack().iter();
        stack
            .map(|Active { function, .. }| self.name(profile, *function))
            .collect()
    }

    /// What is known of an address of the image of that number.
    pub(crate) fn place(&self, profile: &Profile, image: u16, at: u16) -> Place {
        match self.image(profile, image).1 {
            ImageNames::Code(places) => places.at(at),
            _ => Place::of(at),
        }
    }
}
