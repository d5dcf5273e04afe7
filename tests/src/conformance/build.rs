//! Building the suite's images with Debian's sdcc, by the commands of SDCC's own Makefile.
//!
//! Nearly all images come out byte for byte as those the figures were recorded from; the report tells the others.

use std::path::PathBuf;
use std::process::Command;

use super::Error;
use super::files::{create_folder, names, read, remove_folder, rename, write};
use super::source::{ARCHIVE_SHA256, REGRESSION, Suite, UNPACKED};
use crate::tool::{self, ToolError};

/// One way to compile for the MCS-51: a memory model with its library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// The suite's name of it.
    pub name: &'static str,
    model: &'static [&'static str],
    library: &'static str,
}

/// The ports whose libraries Debian packages.
pub const PORTS: [Port; 6] = [
    Port {
        name: "mcs51-small",
        model: &["--model-small"],
        library: "small",
    },
    Port {
        name: "mcs51-medium",
        model: &["--model-medium"],
        library: "medium",
    },
    Port {
        name: "mcs51-large",
        model: &["--model-large"],
        library: "large",
    },
    Port {
        name: "mcs51-huge",
        model: &["--model-huge"],
        library: "huge",
    },
    Port {
        name: "mcs51-stack-auto",
        model: &["--stack-auto"],
        library: "small-stack-auto",
    },
    Port {
        name: "mcs51-large-stack-auto",
        model: &["--model-large", "--stack-auto"],
        library: "large-stack-auto",
    },
];

/// What every image is linked with: the suite's frame and the port's start-up and interrupt routine.
const SUPPORT: [(&str, &str); 6] = [
    ("testfwk", "fwk/lib"),
    ("statics", "fwk/lib"),
    ("extern1", "fwk/lib"),
    ("extern2", "fwk/lib"),
    ("support", "ports/mcs51-common"),
    ("T2_isr", "ports/mcs51-common"),
];

/// The compiler's libraries, in the linker's order.
const LIBRARIES: [&str; 6] = [
    "mcs51.lib",
    "libsdcc.lib",
    "liblong.lib",
    "libint.lib",
    "libfloat.lib",
    "liblonglong.lib",
];

/// Builds one port's images.
#[derive(Debug)]
pub struct Builder<'s> {
    suite: &'s Suite,
    port: Port,
    flags: Vec<String>,
}

impl<'s> Builder<'s> {
    /// Prepares a port: drops its images if they were made from other inputs, and compiles what all cases share.
    ///
    /// # Errors
    /// When sdcc is missing or refuses a file, or the cache cannot be written.
    pub fn new(suite: &'s Suite, port: Port) -> Result<Self, Error> {
        let builder = Self {
            suite,
            port,
            flags: flags(&port),
        };
        let version = tool::output(Command::new("sdcc").arg("--version"));
        let version = version.map_err(|source| Error::Tool {
            doing: "asking sdcc for its version",
            source,
        })?;
        let inputs = [
            ARCHIVE_SHA256.as_bytes(),
            b"\n",
            builder.flags.join(" ").as_bytes(),
            b"\n",
            &version,
        ]
        .concat();
        let images = suite.images(&port);
        if read(&images.join("inputs")).ok().as_deref() != Some(inputs.as_slice()) {
            remove_folder(&images)?;
        }
        create_folder(&images)?;
        builder.compile_support()?;
        write(&images.join("inputs"), &inputs)?;
        Ok(builder)
    }

    /// The port it builds for.
    #[must_use]
    pub fn port(&self) -> Port {
        self.port
    }

    /// Where a case's image is, or will be.
    #[must_use]
    pub fn image(&self, case: &str) -> PathBuf {
        self.suite.image(&self.port, case)
    }

    /// The folder of generated files, relative to the cache. It ends up in the images, as the cases' names.
    fn generated(&self) -> String {
        format!("gen/{}", self.port.name)
    }

    fn compile_support(&self) -> Result<(), Error> {
        let doing = "compiling the frame of SDCC's suite";
        create_folder(&self.suite.folder().join(self.generated()))?;
        for (name, folder) in SUPPORT {
            let object = format!("{}/{name}.rel", self.generated());
            self.sdcc([
                "-c",
                &format!("{REGRESSION}/{folder}/{name}.c"),
                "-o",
                &object,
            ])
            .map_err(|source| Error::Tool { doing, source })?;
        }
        // SDCC's "library" is a text: the list of the objects in it.
        let list = |folder: &str| {
            read(
                &self
                    .suite
                    .folder()
                    .join(REGRESSION)
                    .join(folder)
                    .join("fwk.lib"),
            )
        };
        let library = [list("fwk/lib")?, list("ports/mcs51-common")?].concat();
        write(
            &self.suite.folder().join(self.generated()).join("fwk.lib"),
            &library,
        )
    }

    /// Makes a template's cases into source files and returns their names.
    ///
    /// # Errors
    /// When python3 is missing or the suite's generator fails.
    pub fn generate(&self, template: &str) -> Result<Vec<String>, Error> {
        let relative = format!("{}/{template}/", self.generated());
        let folder = self.suite.folder().join(&relative);
        // The generator fails where it has been before.
        remove_folder(&folder)?;
        create_folder(&folder)?;
        let mut python = Command::new("python3");
        python
            .current_dir(self.suite.folder())
            .arg(format!("{REGRESSION}/generate-cases.py"));
        python.args([self.suite.template_file(template), relative]);
        let doing = "generating cases of SDCC's suite";
        tool::output(&mut python).map_err(|source| Error::Tool { doing, source })?;
        let files = names(&folder)?;
        Ok(files
            .iter()
            .filter_map(|name| name.strip_suffix(".c"))
            .map(str::to_owned)
            .collect())
    }

    /// Compiles and links a generated case, unless its image is there already.
    ///
    /// The inner result tells what the compiler or linker said: an image that cannot be built is a finding.
    ///
    /// # Errors
    /// When the image cannot be moved to its place.
    pub fn build(&self, template: &str, case: &str) -> Result<Result<PathBuf, ToolError>, Error> {
        let image = self.image(case);
        if image.is_file() {
            return Ok(Ok(image));
        }
        let folder = format!("{}/{template}", self.generated());
        let stem = format!("{folder}/{case}");
        let built = self
            .sdcc(["-c", &format!("{stem}.c"), "-o", &format!("{stem}.rel")])
            .and_then(|()| self.link(&format!("{stem}.rel"), &format!("{stem}.ihx")));
        if let Err(error) = built {
            return Ok(Err(error));
        }
        // Renamed when complete: an interrupted run leaves no half of an image that looks like one.
        rename(&self.suite.folder().join(format!("{stem}.ihx")), &image)?;
        Ok(Ok(image))
    }

    /// Removes a template's generated files: with all listings they would take gigabytes.
    ///
    /// # Errors
    /// When the folder cannot be removed.
    pub fn clean(&self, template: &str) -> Result<(), Error> {
        remove_folder(&self.suite.folder().join(self.generated()).join(template))
    }

    fn link(&self, object: &str, image: &str) -> Result<(), ToolError> {
        let library_folder = format!("-L/usr/share/sdcc/lib/{}", self.port.library);
        let generated = self.generated();
        let frame =
            ["testfwk.rel", "support.rel", "fwk.lib"].map(|name| format!("{generated}/{name}"));
        let options = ["--nostdlib", &library_folder, "--debug"]
            .into_iter()
            .chain(LIBRARIES);
        let files = frame
            .iter()
            .map(String::as_str)
            .chain([object, "-o", image]);
        self.sdcc(options.chain(files))
    }

    fn sdcc<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Result<(), ToolError> {
        let mut command = Command::new("sdcc");
        command
            .current_dir(self.suite.folder())
            .args(&self.flags)
            .args(arguments);
        tool::output(&mut command).map(drop)
    }
}

/// The compiler's options, as the suite's own Makefile gives them. `--debug` belongs to them: it changes the code.
fn flags(port: &Port) -> Vec<String> {
    let includes = [
        "/usr/share/sdcc/include/mcs51".to_owned(),
        UNPACKED.to_owned(),
        format!("{REGRESSION}/fwk/include"),
        format!("{REGRESSION}/tests"),
        "/usr/share/sdcc/include".to_owned(),
    ];
    let words = ["--fverbose-asm", "-DNO_VARARGS"].iter().chain(port.model);
    let words = words
        .chain(&["--nostdinc", "--debug", "--less-pedantic"])
        .map(|word| (*word).to_owned());
    words
        .chain(includes.iter().map(|path| format!("-I{path}")))
        .collect()
}
