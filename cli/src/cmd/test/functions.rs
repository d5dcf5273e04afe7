//! Coverage of WebAssembly: how often each function of a module was entered.

use super::watched::Images;
use crate::error::Error;
use crate::files;
use crate::watch::CoverageArgs;
use bridge::wasm::own_functions;
use firmware::watch::coverage::Coverage;
use hostapi::prints::visible;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// A module whose functions are counted, in all scenarios.
pub(super) struct CoveredModule {
    pub(super) path: PathBuf,
    names: BTreeMap<u32, String>,
    entered: Mutex<BTreeMap<u32, u64>>,
}

/// A function, as reports have it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FunctionReport {
    /// Its index among all functions of the module, imports first.
    index: u32,
    name: String,
    entered: u64,
}

impl CoveredModule {
    pub(super) fn new(path: PathBuf, wasm: &[u8]) -> CoveredModule {
        let mut used = BTreeSet::new();
        let mut names = BTreeMap::new();
        for (index, name) in own_functions(wasm) {
            let unnamed = format!("func[{index}]");
            // Two functions may have one name, which readers of lcov would add up.
            let name = match name {
                Some(name) if used.contains(&name) => format!("{name} {unnamed}"),
                Some(name) => name,
                None => unnamed,
            };
            used.insert(name.clone());
            names.insert(index, name);
        }
        CoveredModule {
            path,
            names,
            entered: Mutex::default(),
        }
    }

    /// A function was entered so often.
    pub(super) fn add(&self, index: u32, count: u64) {
        let mut entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = entered.entry(index).or_default();
        *sum = sum.saturating_add(count);
    }

    fn report(&self) -> Vec<FunctionReport> {
        let entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        let report = |(index, name): (&u32, &String)| FunctionReport {
            index: *index,
            name: name.clone(),
            entered: entered.get(index).copied().unwrap_or_default(),
        };
        self.names.iter().map(report).collect()
    }
}

/// The functions of each module, by its file.
pub(super) type Functions = BTreeMap<String, Vec<FunctionReport>>;

/// Reports the functions, and adds them to the coverage: as those of a listing of names beside it.
///
/// # Errors
/// If a listing can't be written.
pub(super) fn report(
    images: &Images,
    asked: &CoverageArgs,
    coverage: &mut Coverage,
) -> Result<Functions, Error> {
    let mut all = Functions::new();
    for module in images.modules() {
        let functions = module.report();
        if let Some(file) = asked.listing(&module.path) {
            let lines = functions
                .iter()
                .map(|function| visible(&function.name).to_string());
            let lines: Vec<String> = lines.collect();
            files::replace_with(&file, (lines.join("\n") + "\n").as_bytes())?;
            let counts = functions.iter().map(|function| function.entered);
            coverage.add_functions(file, lines.into_iter().zip(counts));
        }
        all.insert(module.path.display().to_string(), functions);
    }
    Ok(all)
}

/// The functions of a module in lines.
pub(super) fn lines(image: &str, functions: &[FunctionReport]) -> Vec<String> {
    let entered = functions.iter().filter(|function| function.entered > 0);
    let title = format!(
        "functions: {} of {} entered in {image}",
        entered.count(),
        functions.len()
    );
    let line = |function: &FunctionReport| format!("{:>12}  {}", function.entered, function.name);
    [title]
        .into_iter()
        .chain(functions.iter().map(line))
        .collect()
}
