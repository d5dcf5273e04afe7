//! `smart51 replay`.

use crate::engine::EngineArgs;
use crate::error::about;
use crate::error::{Error, Status};
use crate::files::{read_image, read_json};
use crate::output::{Output, note};
use crate::text::{Page, Text, say};
use chain::ChainError;
use clap::Args;
use loader::Image;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use verify::Difference;
use verify::recording::{File, Replay as Recorded, Row, differences, execute_by, prepare_for};

/// Run recorded calls again and compare every recorded field.
///
/// A row holds its image itself, or names a file in the folder given by --images. The status is 1 if any row
/// comes out differently; rows that cannot be run are skipped, with the reason. If all are, the status is 2.
/// A row that names no limit ends at 2,000,000,000 machine cycles, or gas in WebAssembly.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  smart51 replay call.json\n  smart51 replay recordings.json --images roms --json"
)]
pub(crate) struct Replay {
    /// Recordings, as JSON; - for standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The folder with the images that rows name.
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
}

/// How often progress is said, in rows.
const PROGRESS: usize = 50;

#[derive(Debug, Default, Serialize)]
struct Report {
    rows: usize,
    equal: usize,
    different: Vec<Different>,
    skipped: Vec<Skipped>,
}

/// A field of a row that came out differently.
#[derive(Debug, Serialize)]
struct Different {
    id: String,
    #[serde(flatten)]
    difference: Difference<Value>,
}

#[derive(Debug, Serialize)]
struct Skipped {
    id: String,
    reason: String,
}

impl Replay {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let mut report = Report::default();
        for path in &self.files {
            let file: File = read_json(path)?;
            file.check().map_err(|error| about(path, error))?;
            for row in &file.rows {
                self.replay(row, &mut report)?;
            }
        }
        out.print(&report)?;
        if report.rows == report.skipped.len() {
            note("error: nothing was compared: no row could be run");
            return Ok(Status::BadInput);
        }
        Ok(if report.different.is_empty() {
            Status::Success
        } else {
            Status::Refused
        })
    }

    fn replay(&self, row: &Row, report: &mut Report) -> Result<(), Error> {
        report.rows += 1;
        let image = self.image(row).map_err(Error::input);
        let run = image.and_then(|image| {
            let run = self.execute(row, &image)?;
            match run.calls_left_out {
                0 => Ok(run),
                _ => Err(Error::input(ChainError::RecordingTooLarge)),
            }
        });
        match run {
            Ok(run) => {
                let different = differences(row, &run.row);
                report.equal += usize::from(different.is_empty());
                let different = different.into_iter().map(|difference| Different {
                    id: row.id.clone(),
                    difference,
                });
                report.different.extend(different);
            }
            Err(error) if error.status == Status::NodeFailed => return Err(error),
            Err(error) => report.skipped.push(Skipped {
                id: row.id.clone(),
                reason: error.message,
            }),
        }
        if report.rows.is_multiple_of(PROGRESS) {
            note(format_args!(
                "{} rows replayed, {} equal",
                report.rows, report.equal
            ));
        }
        Ok(())
    }

    fn execute(&self, row: &Row, image: &Image) -> Result<Recorded, Error> {
        let engines = self.engine.engines()?;
        let prepared = prepare_for(row, image, engines);
        prepared
            .and_then(|prepared| execute_by(&prepared, row, true, &mut ()))
            .map_err(Error::recording)
    }

    /// The row's image, and whether it is the one that was recorded.
    fn image(&self, row: &Row) -> Result<Image, String> {
        let image = match (&row.code, &self.images) {
            (Some(code), _) => {
                Image::decode(&code.0).map_err(|error| format!("its image: {error}"))?
            }
            (None, Some(folder)) => {
                let name = Path::new(&row.image)
                    .file_name()
                    .ok_or("it names no image")?;
                read_image(&folder.join(name))
                    .map_err(|error| error.message)?
                    .image
            }
            (None, None) => return Err("it names an image; say with --images where that is".into()),
        };
        let found = image.code_hash();
        if row.rom_sha256.0 == found {
            Ok(image)
        } else {
            Err(format!(
                "its image has hash {}, recorded was {}",
                hex::encode(found),
                row.rom_sha256
            ))
        }
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        for Different { id, difference } in &self.different {
            let Difference {
                field,
                expected,
                actual,
            } = difference;
            say!(page, "{id}: {field}");
            say!(page, "  recorded {expected}");
            say!(page, "  now      {actual}");
        }
        for Skipped { id, reason } in &self.skipped {
            say!(page, "{id}: skipped: {reason}");
        }
        let rows_different = self.rows - self.equal - self.skipped.len();
        let (rows, equal, skipped) = (self.rows, self.equal, self.skipped.len());
        say!(
            page,
            "{rows} rows: {equal} equal, {rows_different} different, {skipped} skipped"
        )
    }
}
