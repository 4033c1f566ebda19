//! The code that the attributes, derives and the wiring expand to.
//!
//! The macros of `crossgate-macros` cut the source into pieces, which arrive here in brackets.

/// `#[interface]`: `[attributes] [visibility] [Name] [NameClient] [generics declared] [generics
/// named] [mut, if a method takes `&mut self`] [methods]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __interface {
    ([$($attribute:tt)*] [$($visibility:tt)*] [$name:ident] [$client:ident] [$($declared:tt)*] [$($named:tt)*] [$($exclusive:tt)*] [$({
        [$($method_attribute:tt)*] [$index:literal] [$method:ident] [$($mutable:tt)?]
        [$(([$parameter:ident] [$form:ident] [$($type:tt)*] [$($static_type:tt)*]))*] [$($result:tt)*] [$($shape:tt)*]
        [$($method_declared:tt)*] [$($method_named:tt)*]
    })*]) => {
        // 1. The server's view: the trait as it was written.
        $($attribute)*
        $($visibility)* trait $name<$($declared)*> {
            $( $($method_attribute)* fn $method(& $($mutable)? self $(, $parameter: $($type)*)*) -> $($result)*; )*
        }

        // 2. What the tables have to know of it.
        // SAFETY: the client is transparent over `RawHandle`.
        unsafe impl<$($declared)*> $crate::Interface for dyn $name<$($named)*> {
            type Client = $client<$($named)*>;
            const NAME: &'static str = concat!(module_path!(), "::", stringify!($name));
            const SHAPES: &'static [$crate::interface::MethodShape] = &[$($($shape)*,)*];
        }
        $crate::__unless! { [$($exclusive)*]
            // SAFETY: no method takes `&mut self`.
            unsafe impl<$($declared)*> $crate::AllShared for dyn $name<$($named)*> {}
        }

        // 3. The caller's view: the same methods, each of which may also fail with a `CallError`.
        #[doc = concat!("What a caller can do with a `Handle<dyn ", stringify!($name), ">`.")]
        #[repr(transparent)]
        $($visibility)* struct $client<$($declared)*>(
            $crate::RawHandle,
            ::core::marker::PhantomData<fn() -> *const dyn $name<$($named)*>>,
        );
        impl<$($declared)*> $client<$($named)*> {
            $(
                $($method_attribute)*
                ///
                /// # Errors
                /// When the call did not take place, or did not come back.
                #[inline]
                pub fn $method(&self $(, $parameter: $crate::__parameter!($form [$($type)*] [$($static_type)*]))*)
                    -> ::core::result::Result<$($result)*, $crate::CallError>
                {
                    #[allow(unused_mut, reason = "there may be no arguments")]
                    let (mut words, mut position) = ([0; 4], 0);
                    $(
                        $crate::call::put::<$($type)*>(
                            $crate::__argument!($form $parameter [$($static_type)*]), &mut words, &mut position);
                    )*
                    $crate::call::call(self.0, $index, words, position)
                }
            )*
        }

        // 4. The entry points: a thunk per method and server.
        // SAFETY: the thunks expect a `*mut __Server`.
        unsafe impl<__Server: $name<$($named)*>, $($declared)*> $crate::ServedBy<__Server> for dyn $name<$($named)*> {
            const ENTRIES: &'static [$crate::abi::table::Entry] = {
                $(
                    unsafe extern "C-unwind" fn $method<__Server: $name<$($method_named)*>, $($method_declared)*>(
                        object: *mut (), first: $crate::abi::Word, second: $crate::abi::Word,
                        third: $crate::abi::Word, fourth: $crate::abi::Word,
                    ) -> $crate::abi::table::RawReply {
                        #[allow(unused_mut, unused_variables, reason = "there may be no arguments")]
                        let (words, mut position) = ([first, second, third, fourth], 0);
                        $(
                            // SAFETY: the kernel checked the words against the method's shape.
                            let ::core::result::Result::Ok($parameter) =
                                (unsafe { $crate::call::take::<$($type)*>(words, &mut position) })
                            else { return $crate::call::reject() };
                        )*
                        // SAFETY: the table belongs to this object, and the kernel lets one call at a
                        // time into an object with `&mut self` methods.
                        let object = unsafe { & $($mutable)? *object.cast::<__Server>() };
                        $crate::call::accept::<$($result)*>(
                            <__Server as $name<$($method_named)*>>::$method(object $(, $parameter)*))
                    }
                )*
                &[$($method::<__Server, $($method_named)*>),*]
            };
        }
    };
}

/// What a caller writes for a parameter.
#[doc(hidden)]
#[macro_export]
macro_rules! __parameter {
    (value [$($type:tt)*] [$($static_type:tt)*]) => { <$($type)* as $crate::Parameter>::Caller };
    (lease [$($type:tt)*] [$($static_type:tt)*]) => { impl $crate::Lend<$($static_type)*> };
}

/// What is put into words for a parameter.
#[doc(hidden)]
#[macro_export]
macro_rules! __argument {
    (value $name:ident [$($static_type:tt)*]) => { $name };
    // SAFETY: the stub uses it for the call only, and the reference lives longer.
    (lease $name:ident [$($static_type:tt)*]) => { unsafe { $crate::Lend::<$($static_type)*>::lend($name) } };
}

/// The code, if the brackets are empty.
#[doc(hidden)]
#[macro_export]
macro_rules! __unless {
    ([] $($code:tt)*) => { $($code)* };
    ([$($some:tt)+] $($code:tt)*) => {};
}

/// `#[derive(Wire)]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __derive_wire {
    // A fieldless enum is one word, which is checked.
    ($(#[$($attribute:tt)*])* $visibility:vis enum $name:ident {
        $( $(#[$($variant_attribute:tt)*])* $variant:ident $(= $value:expr)? ),* $(,)?
    }) => {
        impl $crate::Wire for $name {
            const SHAPE: $crate::Shape = $crate::Shape::values(1);
            #[inline(always)]
            fn put(self, encoder: &mut $crate::Encoder) { encoder.push(self as u32 as $crate::abi::Word) }
            #[inline(always)]
            fn take(decoder: &mut $crate::Decoder) -> ::core::result::Result<Self, $crate::Invalid> {
                match decoder.pop() as u32 {
                    $( word if word == $name::$variant as u32 => ::core::result::Result::Ok($name::$variant), )*
                    _ => ::core::result::Result::Err($crate::Invalid),
                }
            }
        }
    };
    // A struct is the words of its fields.
    ($(#[$($attribute:tt)*])* $visibility:vis struct $name:ident {
        $( $(#[$($field_attribute:tt)*])* $field_visibility:vis $field:ident : $type:ty ),* $(,)?
    }) => {
        impl $crate::Wire for $name {
            const SHAPE: $crate::Shape = $crate::Shape::NONE $(.then(<$type as $crate::Wire>::SHAPE))*;
            #[inline(always)]
            fn put(self, encoder: &mut $crate::Encoder) { $( $crate::Wire::put(self.$field, encoder); )* }
            #[inline(always)]
            fn take(decoder: &mut $crate::Decoder) -> ::core::result::Result<Self, $crate::Invalid> {
                ::core::result::Result::Ok($name { $( $field: <$type as $crate::Wire>::take(decoder)? ),* })
            }
        }
    };
    // A newtype is the words of what it wraps.
    ($(#[$($attribute:tt)*])* $visibility:vis struct $name:ident (
        $(#[$($field_attribute:tt)*])* $field_visibility:vis $type:ty $(,)?
    );) => {
        impl $crate::Wire for $name {
            const SHAPE: $crate::Shape = <$type as $crate::Wire>::SHAPE;
            #[inline(always)]
            fn put(self, encoder: &mut $crate::Encoder) { $crate::Wire::put(self.0, encoder) }
            #[inline(always)]
            fn take(decoder: &mut $crate::Decoder) -> ::core::result::Result<Self, $crate::Invalid> {
                ::core::result::Result::Ok($name(<$type as $crate::Wire>::take(decoder)?))
            }
        }
    };
    ($($other:tt)*) => {
        ::core::compile_error!("#[derive(Wire)] works on a fieldless enum, a struct with named fields and a newtype; lend anything else");
    };
}

/// `#[derive(Plain)]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __derive_plain {
    ($(#[$($attribute:tt)*])* $visibility:vis struct $name:ident {
        $( $(#[$($field_attribute:tt)*])* $field_visibility:vis $field:ident : $type:ty ),* $(,)?
    }) => {
        const _: () = {
            const fn size_of_plain<T: $crate::Plain>() -> usize { ::core::mem::size_of::<T>() }
            assert!(0 $(+ size_of_plain::<$type>())* == ::core::mem::size_of::<$name>(),
                concat!("`", stringify!($name), "` has padding: memory that was never written would leak to another process; reorder the fields or add explicit ones"));
            assert!($crate::__is_repr_c!($([$($attribute)*])*),
                concat!("`", stringify!($name), "` needs #[repr(C)]: two processes have to agree on its layout"));
        };
        // SAFETY: every field is Plain, and there is no padding.
        unsafe impl $crate::Plain for $name {}
    };
    ($($other:tt)*) => {
        ::core::compile_error!("#[derive(Plain)] works on a `#[repr(C)]` struct with named fields");
    };
}

/// Whether `repr(C)` is among the attributes.
#[doc(hidden)]
#[macro_export]
macro_rules! __is_repr_c {
    () => { false };
    ([repr(C $($more:tt)*)] $($rest:tt)*) => { true };
    ([$($other:tt)*] $($rest:tt)*) => { $crate::__is_repr_c!($($rest)*) };
}

/// `system!`: `[attributes] [visibility] [NAME] [processes]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __system {
    ([$($attribute:tt)*] [$($visibility:tt)*] [$system:ident] [$({
        [$process:ident]
        [$([$window:expr])*]
        [$({ [$notification:ident] [$counting:ident] })*]
        [$({ [$line:expr] [$bound:ident] })*]
        [$([$faults:ident])*]
        [$on_fault:expr]
        [$($limiter:literal)?]
        [$({ [$object:ident] [$place:literal] [$object_stack:expr] [$type:ty] [$initial:expr]
             [$({ [$service:ident] [$interface:ty] })*] })*]
        [$({ [$thread:ident] [$priority:expr] [$stack:expr] [$entry:expr] })*]
    })*]) => {
        // Names as numbers, and the handles of services and notifications as every process sees them.
        #[doc(hidden)]
        #[allow(non_camel_case_types, non_upper_case_globals, clippy::upper_case_acronyms, dead_code, unused_imports, missing_docs, reason = "the names are the user's")]
        mod __wiring {
            use super::*;
            pub enum Process { $($process,)* }
            pub enum Service { $($($($service,)*)*)* }
            pub enum Notification { $($($notification,)*)* }
            /// How many objects each service has.
            pub const COUNTS: &[usize] = &[$($($({ let _ = stringify!($service); <$type as $crate::wiring::ServiceObject>::COUNT },)*)*)*];
            /// How many locks each object has.
            pub const LOCKS: &[usize] = &[$($(<$type as $crate::wiring::ServiceObject>::LOCKS,)*)*];
            /// What is written in each process: what is mentioned there may be used there.
            pub const TEXTS: &[&str] = &[$(concat!($(stringify!($initial), ";",)* $(stringify!($entry), ";",)* ""),)*];
            const OBJECTS: &[(&str, &str); LOCKS.len()] = &[$($((stringify!($object), stringify!($initial)),)*)*];
            const SERVICES: &[(&str, usize)] = &[$($($((stringify!($service), $place),)*)*)*];
            const _: () = $crate::wiring::check_cycles(OBJECTS, SERVICES);
            pub const fn index(service: Service) -> usize { $crate::wiring::sum(COUNTS, service as usize) }
            pub mod types {
                use super::super::*;
                $($($(pub type $service = <$type as $crate::wiring::ServiceObject>::Handle<$interface>;)*)*)*
            }
            pub mod handles {
                use super::*;
                $($($(pub const $service: types::$service = $crate::wiring::handle(index(Service::$service));)*)*)*
                $($(pub const $notification: $crate::Signal = $crate::Signal::__new(Notification::$notification as usize);)*)*
            }
        }
        // The objects and the entry points of the threads, with what each process may mention.
        #[doc(hidden)]
        #[allow(non_upper_case_globals, dead_code, missing_docs, reason = "the names are the user's")]
        mod __processes { $(
            pub mod $process {
                #[allow(unused_imports, reason = "a process may mention nothing")]
                use super::super::{*, __wiring::handles::*};
                // Its own notifications it may also wait for.
                $(const $notification: $crate::Notification =
                    $crate::Notification::__new(super::super::__wiring::Notification::$notification as usize);)*
                $(
                    #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = concat!(".crossgate.object.", stringify!($process))))]
                    pub static $object: $type = <$type as $crate::wiring::ServiceObject>::Init::new($initial);
                )*
                // In a module of their own, and the code in a block that sees the one outside: a thread
                // may have the name of the function that it runs.
                pub mod threads {
                    $(pub const $thread: extern "C" fn() -> ! = {
                        extern "C" fn entry() -> ! {
                            #[allow(unused_imports, reason = "it may mention nothing")]
                            use super::*;
                            $entry
                        }
                        entry
                    };)*
                }
            }
        )* }
        #[doc(hidden)]
        #[allow(non_upper_case_globals, missing_docs, reason = "the names are the user's")]
        mod __stacks { $( pub mod $process {
            #[allow(unused_imports, reason = "for the sizes")]
            use super::super::*;
            $(
                #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = concat!(".crossgate.stack.", stringify!($process), ".", stringify!($thread))))]
                pub static $thread: $crate::wiring::Stack<{ $stack }> = $crate::wiring::Stack::new();
            )*
        } )* }
        $($attribute)*
        $($visibility)* static $system: $crate::abi::table::System = {
            use $crate::abi::table;
            const SERVICE_COUNT: usize = $crate::wiring::service_count(__wiring::COUNTS);
            static SERVICES: [table::Service; SERVICE_COUNT] = {
                #[allow(unused_mut, reason = "there may be no services")]
                let mut table = [$crate::wiring::EMPTY; SERVICE_COUNT];
                $($($(
                    $crate::wiring::publish::<$interface, $type>(
                        &__processes::$process::$object,
                        &$crate::wiring::Publication {
                            name: stringify!($service),
                            index: __wiring::index(__wiring::Service::$service),
                            owner: __wiring::Process::$process as usize,
                            lock: $crate::wiring::sum(__wiring::LOCKS, $place),
                            stack: $object_stack,
                            callers: $crate::wiring::mentioned_by(__wiring::TEXTS, stringify!($service)),
                            methods: {
                                const COUNT: usize = <$interface as $crate::Interface>::SHAPES.len();
                                const METHODS: &[table::Method] = &$crate::wiring::methods::<$interface, $type, COUNT>();
                                METHODS
                            },
                        },
                        &mut table,
                    );
                )*)*)*
                table
            };
            // The stubs of servers look up the interfaces of handles that they are given.
            #[cfg(target_os = "none")]
            const _: () = {
                #[unsafe(no_mangle)]
                static __crossgate_services: &[table::Service] = &SERVICES;
                // The memory map tells names.
                #[unsafe(no_mangle)]
                static __crossgate_processes: &[table::Process] = PROCESSES;
            };
            static PROCESSES: &[table::Process] = &[$(table::Process {
                name: stringify!($process),
                memory: {
                    #[cfg(target_os = "none")]
                    {
                        unsafe extern "C" {
                            #[link_name = concat!("__crossgate_memory_", stringify!($process))]
                            static MEMORY: table::ProcessMemory;
                        }
                        // SAFETY: the linker wrapper defines it, in flash.
                        unsafe { &MEMORY }
                    }
                    #[cfg(not(target_os = "none"))]
                    { &$crate::host::NO_MEMORY }
                },
                windows: const { &[$($window),*] },
                notifications: 0 $(| $crate::wiring::bit(__wiring::Notification::$notification as usize))*,
                on_fault: $on_fault,
            },)*];
            #[cfg(target_os = "none")]
            unsafe extern "C" { safe fn __crossgate_idle() -> !; }
            #[cfg(target_os = "none")]
            extern "C" fn idle() -> ! { __crossgate_idle() }
            #[cfg(not(target_os = "none"))]
            use $crate::host::idle;
            #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = ".crossgate.stack.kernel.idle"))]
            static IDLE: $crate::wiring::Stack<128> = $crate::wiring::Stack::new();
            static THREADS: &[table::Thread] = &[
                table::Thread { name: "idle", entry: idle, stack: IDLE.start(), stack_size: 128, process: 0, priority: 0 },
                $($(table::Thread {
                    name: stringify!($thread),
                    entry: __processes::$process::threads::$thread,
                    stack: __stacks::$process::$thread.start(),
                    stack_size: $stack,
                    process: __wiring::Process::$process as u8,
                    priority: $priority,
                },)*)*
            ];
            static NOTIFICATIONS: &[table::Notification] = &[$($(table::Notification {
                name: stringify!($notification),
                owner: __wiring::Process::$process as u8,
                signallers: $crate::wiring::bit(__wiring::Process::$process as usize)
                    | $crate::wiring::mentioned_by(__wiring::TEXTS, stringify!($notification)),
                counting: $counting,
            },)*)*];
            static INTERRUPTS: &[table::Interrupt] = &[$($(table::Interrupt {
                line: $line,
                notification: __wiring::Notification::$bound as u8,
            },)*)*];
            const WATCHES: &[table::FaultWatch] = &[$($(table::FaultWatch {
                process: __wiring::Process::$process as u8,
                notification: __wiring::Notification::$faults as u8,
            },)*)*];
            table::System {
                processes: PROCESSES,
                services: &SERVICES,
                threads: THREADS,
                notifications: NOTIFICATIONS,
                interrupts: INTERRUPTS,
                locks: $crate::wiring::lock_count(__wiring::LOCKS),
                limiters: 0 $($(| $limiter << __wiring::Process::$process as u32)?)*,
                passes_handles: $crate::wiring::passes_handles(&SERVICES),
                fault_watch: match WATCHES {
                    [table::FaultWatch { process, notification }] => Some(table::FaultWatch { process: *process, notification: *notification }),
                    _ => None,
                },
            }
        };
    };
}
