// SPDX-License-Identifier: MIT OR Apache-2.0
//! The processes of a wiring.

/// Defines the objects, the entry points of the threads, and the names that each process may use.
#[doc(hidden)]
#[macro_export]
macro_rules! __processes {
    (processes: [$({
        name: [$process:ident]
        mentions: [$($mentions:tt)*]
        notifications: [$({ name: [$notification:ident] number: [$number:literal] own: [$own:literal] })*]
        objects: [$({ name: [$object:ident] type: [$type:ty] value: [$value:expr] })*]
        pools: [$({ name: [$pool:ident] workers: [$({ thread: [$worker:literal] finished: [$finished:ident] })*] })*]
        threads: [$({ name: [$thread:ident] entry: [$entry:expr] })*]
    })*]) => {
        #[doc(hidden)]
        #[allow(non_upper_case_globals, dead_code, missing_docs, reason = "the names are the user's")]
        mod __processes { $(
            pub mod $process {
                #[allow(unused_imports, reason = "its expressions may need nothing of it")]
                use super::super::*;
                #[allow(unused_imports, reason = "they may mention nothing")]
                use super::super::__wiring::__handles;
                $($mentions)*
                // The process may also wait for its own notifications.
                $(const $notification: $crate::Notification = $crate::Notification::__new($number, $own);)*
                $(
                    #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = concat!(".crossgate.object.", stringify!($process))))]
                    pub static $object: $type = <$type as $crate::wiring::ServiceObject>::Init::new($value);
                )*
                $(
                    pub static $pool: $crate::pool::Pool = {
                        const __COUNT: usize = [$($worker),*].len();
                        #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = concat!(".crossgate.object.", stringify!($process))))]
                        static __WORKERS: [$crate::pool::Worker; __COUNT] =
                            [$($crate::pool::Worker::__new($worker + 1, $finished)),*];
                        $crate::pool::Pool::__new(&__WORKERS)
                    };
                )*
                // The threads are in a module of their own, because a thread may have the name of the function that it
                // runs. The code is in a block that sees the names outside of that module.
                pub mod __threads {
                    $(pub const $thread: extern "C" fn() -> ! = {
                        extern "C" fn __entry() -> ! {
                            #[allow(unused_imports, reason = "it may mention nothing")]
                            use super::*;
                            $entry
                        }
                        __entry
                    };)*
                }
            }
        )* }
    };
}
