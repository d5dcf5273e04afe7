//! eosjs and @wharfkit/antelope, in the versions that are named here. Nothing of them is in the
//! repository: npm brings them when a test asks.

use crate::tool::{self, ToolError};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages, each with the version that is asked.
pub const PACKAGES: [(&str, &str); 2] = [("eosjs", "22.1.0"), ("@wharfkit/antelope", "1.2.0")];

/// The judges, ready to be asked.
#[derive(Debug)]
pub struct Judges {
    packages: PathBuf,
}

/// A contract and values of its types, to be asked about.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The contract in JSON.
    pub abi: Value,
    /// Its binary form.
    pub binary: Vec<u8>,
    /// Type, value and bytes.
    pub values: Vec<(String, Value, Vec<u8>)>,
}

/// Why a program gave no answer.
fn why(error: ToolError) -> String {
    match error {
        ToolError::Start { .. } => "node and npm are not installed".into(),
        error => error.to_string(),
    }
}

impl Judges {
    /// The judges, brought by npm into `folder` unless they are there.
    ///
    /// # Errors
    /// Why they cannot be had.
    pub fn new(folder: &Path) -> Result<Judges, String> {
        let is_there = |(name, version): &(&str, &str)| {
            let manifest = folder.join("node_modules").join(name).join("package.json");
            let manifest = fs::read(manifest).ok();
            let manifest = manifest.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
            manifest.is_some_and(|manifest| manifest["version"] == *version)
        };
        if !PACKAGES.iter().all(is_there) {
            fs::create_dir_all(folder).map_err(|error| error.to_string())?;
            let mut npm = Command::new("npm");
            npm.current_dir(folder).args([
                "install",
                "--no-package-lock",
                "--no-save",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--fetch-retries=1",
                "--fetch-timeout=20000",
                "--prefix",
                ".",
            ]);
            npm.args(PACKAGES.map(|(name, version)| format!("{name}@{version}")));
            tool::output(&mut npm).map_err(why)?;
        }
        tool::output(Command::new("node").arg("--version")).map_err(why)?;
        Ok(Judges {
            packages: folder.to_owned(),
        })
    }

    /// What they say: for each contract an object with `contract` and `values`, as
    /// `tests/abi/judge.cjs` makes it.
    ///
    /// # Errors
    /// If they do not answer.
    pub fn ask(&self, asked: &[Asked]) -> Result<Vec<Value>, String> {
        let mut lines = String::new();
        for Asked {
            abi,
            binary,
            values,
        } in asked
        {
            let values = values.iter().map(|(of, value, bytes)| {
                json!({"type": of, "value": value, "bytes": hex::encode(bytes)})
            });
            let values = values.collect::<Value>();
            let line = json!({"abi": abi, "binary": hex::encode(binary), "values": values});
            lines += &format!("{line}\n");
        }
        let mut node = Command::new("node");
        node.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/abi/judge.cjs"));
        node.arg(&self.packages);
        let answers = tool::output_with_input(&mut node, lines.as_bytes());
        let answers = answers.map_err(|error| error.to_string())?;
        let answers = String::from_utf8_lossy(&answers);
        let answers: Result<Vec<Value>, _> = answers.lines().map(serde_json::from_str).collect();
        let answers = answers.map_err(|error| error.to_string())?;
        match answers.len() == asked.len() {
            true => Ok(answers),
            false => Err(format!("{} answers for {}", answers.len(), asked.len())),
        }
    }
}
