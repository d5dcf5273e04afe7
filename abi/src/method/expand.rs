//! The macro that makes types, numbers, rows and readers of the table.

/// Declares [`Method`], the numbers, [`METHODS`], [`Request`] and how it is read, row by row:
/// `number Method NUMBER = name / ORIGINAL (argument: Kind, …; optional: Kind, …) -> (reply: Kind, …) { … }`.
/// Behind `in 2014:` are the methods that took other arguments then, each a request of its own.
macro_rules! methods {
    ($(
        #[doc = $summary:literal]
        $id:literal $method:ident $number:ident = $name:ident / $original:expr,
        ($(
            $($arg:ident: $arg_kind:ident $(($arg_size:literal))?),+
            $(; $($opt:ident: $opt_kind:ident $(($opt_size:literal))?),+)?
        )?) -> ($($reply:ident: $reply_kind:ident $(($reply_size:literal))?),*) {
            gas: $gas:expr,
            steps: $steps:ident,
            failures: $failures:expr,
            notes: $notes:literal,
            example: $example:literal,
        }
    )*
    in 2014:
    $(
        #[doc = $form_summary:literal]
        $form:ident = $form_method:ident,
        ($($form_arg:ident: $form_kind:ident $(($form_size:literal))?),+)
    )*) => {
        /// The methods of the host, one for each row of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Method {
            $(#[doc = $summary] $method = $id,)*
        }

        $(#[doc = $summary] pub const $number: u16 = Method::$method.id();)*

        /// Every method, in order of its number.
        pub const METHODS: &[MethodSpec] = &[$(MethodSpec {
            method: Method::$method,
            id: $id,
            name: stringify!($name),
            original: $original,
            args: &[$($(item!($arg: $arg_kind $($arg_size)?)),+)?],
            optional: &[$($($(item!($opt: $opt_kind $($opt_size)?)),+)?)?],
            reply: &[$(item!($reply: $reply_kind $($reply_size)?)),*],
            gas: $gas,
            steps: StepRule::$steps,
            summary: $summary.trim_ascii(),
            failures: &$failures,
            notes: $notes,
            example: $example,
        }),*];

        /// The arguments of a call, each of the type of its kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Request<'a> {
            $(
                #[doc = $summary]
                $method $({
                    $(#[doc = about!($arg_kind)] $arg: typed!('a $arg_kind $($arg_size)?),)+
                    $($(
                        #[doc = about!($opt_kind)]
                        $opt: Option<typed!('a $opt_kind $($opt_size)?)>,
                    )+)?
                })?,
            )*
            $(
                #[doc = $form_summary]
                $form {
                    $(
                        #[doc = about!($form_kind)]
                        $form_arg: typed!('a $form_kind $($form_size)?),
                    )+
                },
            )*
        }

        impl<'a> Request<'a> {
            /// The request for `method` that these items make; `None` where their number or a length is not what it
            /// takes.
            #[inline]
            pub(super) fn of(
                semantics: Semantics,
                method: Method,
                mut items: Items<'_, 'a>,
            ) -> Option<Request<'a>> {
                Some(match (method, semantics) {
                    $((Method::$form_method, Semantics::Dacrs2014) => {
                        let count = [$(stringify!($form_arg)),+].len();
                        items.demand(count, count)?;
                        Request::$form { $($form_arg: items.next()?,)+ }
                    })*
                    $((Method::$method, _) => {
                        $(
                            let least = [$(stringify!($arg)),+].len();
                            let more: &[&str] = &[$($(stringify!($opt)),+)?];
                            items.demand(least, least + more.len())?;
                        )?
                        Request::$method $({
                            $($arg: items.next()?,)+
                            $($($opt: items.next_if_any()?,)+)?
                        })?
                    })*
                })
            }
        }

        /// The row of `method` as it was in 2014, where it took other arguments then.
        pub(super) const fn row_of_2014(method: Method) -> Option<&'static MethodSpec> {
            match method {
                $(Method::$form_method => {
                    static ROW: MethodSpec = MethodSpec {
                        args: &[$(item!($form_arg: $form_kind $($form_size)?)),+],
                        ..*Method::$form_method.spec()
                    };
                    Some(&ROW)
                })*
                _ => None,
            }
        }
    };
}

/// An item of a row.
macro_rules! item {
    ($name:ident: $kind:ident $($size:literal)?) => {
        Item { name: stringify!($name), kind: Kind::$kind $(($size))? }
    };
}

/// The documentation of an argument.
macro_rules! about {
    ($kind:ident) => {
        concat!("[`Kind::", stringify!($kind), "`].")
    };
}

/// The type of an argument of a kind.
macro_rules! typed {
    ($a:lifetime Int64) => { i64 };
    ($a:lifetime Int32) => { i32 };
    ($a:lifetime Index) => { u32 };
    ($a:lifetime Bytes) => { &$a [u8] };
    ($a:lifetime Flag) => { u8 };
    ($a:lifetime Code) => { ExitCode };
    ($a:lifetime DesKey) => { DesKey<$a> };
    ($a:lifetime Account) => { AccountName<$a> };
    ($a:lifetime Regid) => { &$a [u8; 6] };
    ($a:lifetime Address) => { &$a [u8; 34] };
    ($a:lifetime Hash) => { &$a [u8; 32] };
    ($a:lifetime PublicKey) => { &$a [u8; 33] };
    ($a:lifetime AppUser) => { &$a [u8; 41] };
    ($a:lifetime Record $size:literal) => { &$a [u8; $size] };
    ($a:lifetime Records $size:literal) => { &$a [[u8; $size]] };
}

pub(super) use {about, item, methods, typed};
