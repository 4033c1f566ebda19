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
                    let shape = const { <dyn $name<$($method_named)*> as $crate::Interface>::SHAPES[$index].arguments() };
                    $crate::call::call(self.0, $index, words, shape)
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
    // A unit struct has one value, which needs no word.
    ($(#[$($attribute:tt)*])* $visibility:vis struct $name:ident;) => {
        impl $crate::Wire for $name {
            const SHAPE: $crate::Shape = $crate::Shape::NONE;
            #[inline(always)]
            fn put(self, _: &mut $crate::Encoder) {}
            #[inline(always)]
            fn take(_: &mut $crate::Decoder) -> ::core::result::Result<Self, $crate::Invalid> {
                ::core::result::Result::Ok($name)
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
    // An enum with fields is the number of the variant, and the words of its fields.
    ($(#[$($attribute:tt)*])* $visibility:vis enum $name:ident { $(
        $(#[$($variant_attribute:tt)*])* $variant:ident
            $(( $(#[$($first_attribute:tt)*])* $first:ty
                $(, $(#[$($second_attribute:tt)*])* $second:ty
                    $(, $(#[$($third_attribute:tt)*])* $third:ty)?)? $(,)? ))?
            $({ $( $(#[$($field_attribute:tt)*])* $field:ident : $type:ty ),* $(,)? })?
    ),* $(,)? }) => {
        const _: () = {
            // Numbers the variants.
            enum __Tag { $($variant),* }
            impl $crate::Wire for $name {
                const SHAPE: $crate::Shape = $crate::interface::variants(&[$(
                    $crate::Shape::NONE
                        $(.then(<$first as $crate::Wire>::SHAPE)
                            $(.then(<$second as $crate::Wire>::SHAPE) $(.then(<$third as $crate::Wire>::SHAPE))?)?)?
                        $($(.then(<$type as $crate::Wire>::SHAPE))*)?
                ),*]);
                #[inline(always)]
                fn put(self, encoder: &mut $crate::Encoder) {
                    let end = encoder.__end(<Self as $crate::Wire>::SHAPE);
                    match self { $(
                        $name::$variant
                            $(($crate::__name!(first $first) $(, $crate::__name!(second $second) $(, $crate::__name!(third $third))?)?))?
                            $({ $($field),* })?
                        => {
                            encoder.push(__Tag::$variant as $crate::abi::Word);
                            $(<$first as $crate::Wire>::put(first, encoder);
                                $(<$second as $crate::Wire>::put(second, encoder);
                                    $(<$third as $crate::Wire>::put(third, encoder);)?)?)?
                            $($(<$type as $crate::Wire>::put($field, encoder);)*)?
                        }
                    )* }
                    encoder.__fill(end);
                }
                #[inline(always)]
                fn take(decoder: &mut $crate::Decoder) -> ::core::result::Result<Self, $crate::Invalid> {
                    let end = decoder.__end(<Self as $crate::Wire>::SHAPE);
                    let value = match decoder.pop() {
                        $( tag if tag == __Tag::$variant as $crate::abi::Word => $name::$variant
                            $((<$first as $crate::Wire>::take(decoder)?
                                $(, <$second as $crate::Wire>::take(decoder)? $(, <$third as $crate::Wire>::take(decoder)?)?)?))?
                            $({ $($field: <$type as $crate::Wire>::take(decoder)?),* })?, )*
                        _ => return ::core::result::Result::Err($crate::Invalid),
                    };
                    decoder.__skip(end);
                    ::core::result::Result::Ok(value)
                }
            }
        };
    };
    ($($other:tt)*) => {
        ::core::compile_error!("#[derive(Wire)] works on an enum (at most three fields without names in a variant), a struct with named fields, a newtype and a unit struct; lend anything else");
    };
}

/// The name, where a repetition has to mention the type of what it names.
#[doc(hidden)]
#[macro_export]
macro_rules! __name {
    ($name:ident $type:ty) => {
        $name
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

/// `system!`: `[attributes] [visibility] [NAME] [time slice] [whether CPU time is counted] [processes]`.
///
/// The user's names and expressions stand among the template's own, which begin with `__`; no name of
/// the wiring does.
#[doc(hidden)]
#[macro_export]
macro_rules! __system {
    ([$($attribute:tt)*] [$($visibility:tt)*] [$system:ident] [$($slice:expr)?] [$cpu_time:ident] [$({
        [$process:ident]
        [$first_notification:literal]
        [$($mentioned:tt)*]
        [$({ [$window_number:literal] [$window:expr] [$shared:ident] [$($check_window:tt)*] })*]
        [$({ [$notification:ident] [$own:literal] [$counting:ident] [$signallers:literal] })*]
        [$({ [$line:expr] [$bound:ident] [$($check_line:tt)*] })*]
        [$([$faults:ident])*]
        [$([$($lost:ident)?])*]
        [$on_fault:expr]
        [$($limiter:literal)?]
        [$($inspector:literal)?]
        [$($dumper:literal)?]
        [$($budget:expr)?]
        [$({ [$object:ident] [$place:literal] [$object_stack:expr] [$type:ty] [$initial:expr]
             [$({ [$service:ident] [$callers:literal] [$interface:ty] })*] })*]
        [$({ [$thread:ident] [$number:literal] [$priority:expr] [$stack:expr] [$($thread_budget:expr)?] [$entry:expr] })*]
        [$({ [$pool:ident] [$({ [$worker:literal] [$finished:ident] })*] })*]
    })*]) => {
        // Names as numbers, and the handles of services and notifications.
        #[doc(hidden)]
        #[allow(non_camel_case_types, non_upper_case_globals, clippy::upper_case_acronyms, dead_code, unused_imports, missing_docs, reason = "the names are the user's")]
        mod __wiring {
            use super::*;
            pub enum __Process { $($process,)* }
            pub enum __Service { $($($($service,)*)*)* }
            pub enum __Notification { $($($notification,)*)* }
            /// How many objects each service has.
            pub const __COUNTS: &[usize] = &[$($($({ let _ = stringify!($service); <$type as $crate::wiring::ServiceObject>::COUNT },)*)*)*];
            /// How many locks each object has.
            pub const __LOCKS: &[usize] = &[$($(<$type as $crate::wiring::ServiceObject>::LOCKS,)*)*];
            /// The length of each stack.
            pub const __STACKS: &[usize] = &[$($($stack,)*)*];
            /// The devices, whose each is, and whether others may own it, too.
            pub const __WINDOWS: &[(&str, bool, $crate::Window)] = &[$($((stringify!($process), $shared, $window),)*)*];
            $($($($check_window)*)*)*
            pub const fn __index(service: __Service) -> usize { $crate::wiring::sum(__COUNTS, service as usize) }
            /// How many gates each service has.
            pub const __GATES: &[usize] = &[$($($({
                let _ = stringify!($service);
                <$type as $crate::wiring::ServiceObject>::COUNT * <$interface as $crate::Interface>::SHAPES.len()
            },)*)*)*];
            pub const fn __gate(service: __Service) -> usize { $crate::wiring::sum(__GATES, service as usize) }
            pub mod __handles {
                use super::*;
                $($($(pub const $service: <$type as $crate::wiring::ServiceObject>::Handle<$interface> =
                    $crate::wiring::handle(__gate(__Service::$service));)*)*)*
                $($(pub const $notification: $crate::Signal = $crate::Signal::__new(__Notification::$notification as usize);)*)*
            }
        }
        // The objects and the entry points of the threads, with what each process may use.
        #[doc(hidden)]
        #[allow(non_upper_case_globals, dead_code, missing_docs, reason = "the names are the user's")]
        mod __processes { $(
            pub mod $process {
                #[allow(unused_imports, reason = "its expressions may need nothing of it")]
                use super::super::*;
                // The handles that its expressions mention.
                $($mentioned)*
                // Its own notifications it may also wait for.
                $(const $notification: $crate::Notification =
                    $crate::Notification::__new(super::super::__wiring::__Notification::$notification as usize, $own);)*
                $(
                    #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = concat!(".crossgate.object.", stringify!($process))))]
                    pub static $object: $type = <$type as $crate::wiring::ServiceObject>::Init::new($initial);
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
                // In a module of their own, and the code in a block that sees the one outside: a thread
                // may have the name of the function that it runs.
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
        #[doc(hidden)]
        #[allow(non_upper_case_globals, missing_docs, reason = "the names are the user's")]
        mod __stacks { $( pub mod $process { $(
            #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = concat!(".crossgate.stack.", stringify!($process), ".", stringify!($thread))))]
            pub static $thread: $crate::wiring::Stack<{ super::super::__wiring::__STACKS[$number] }> = $crate::wiring::Stack::new();
        )* } )* }
        $($attribute)*
        $($visibility)* static $system: $crate::abi::table::System = {
            use $crate::abi::table as __table;
            const __SERVICE_COUNT: usize = $crate::wiring::service_count(__wiring::__COUNTS);
            static __SERVICES: [__table::Service; __SERVICE_COUNT] = {
                #[allow(unused_mut, reason = "there may be no services")]
                let mut table = [$crate::wiring::EMPTY; __SERVICE_COUNT];
                $($($(
                    $crate::wiring::publish::<$interface, $type>(
                        &__processes::$process::$object,
                        &$crate::wiring::Publication {
                            name: stringify!($service),
                            index: __wiring::__index(__wiring::__Service::$service),
                            gate: __wiring::__gate(__wiring::__Service::$service),
                            owner: __wiring::__Process::$process as usize,
                            lock: $crate::wiring::sum(__wiring::__LOCKS, $place),
                            stack: $object_stack,
                            callers: $callers,
                            methods: {
                                const __COUNT: usize = <$interface as $crate::Interface>::SHAPES.len();
                                const __METHODS: &[__table::Method] = &$crate::wiring::methods::<$interface, $type, __COUNT>();
                                __METHODS
                            },
                        },
                        &mut table,
                    );
                )*)*)*
                table
            };
            const __GATE_COUNT: usize = $crate::wiring::gate_count(__wiring::__GATES);
            static __GATES: [__table::Gate; __GATE_COUNT] = $crate::wiring::gates(&__SERVICES, $cpu_time);
            // The stubs of servers look up the interfaces of handles that they are given.
            #[cfg(target_os = "none")]
            const _: () = {
                #[unsafe(no_mangle)]
                static __crossgate_gates: &[__table::Gate] = &__GATES;
                #[unsafe(no_mangle)]
                static __crossgate_services: &[__table::Service] = &__SERVICES;
                // The memory map tells names.
                #[unsafe(no_mangle)]
                static __crossgate_processes: &[__table::Process] = __PROCESSES;
            };
            static __PROCESSES: &[__table::Process] = &[$(__table::Process {
                name: stringify!($process),
                memory: {
                    #[cfg(target_os = "none")]
                    {
                        unsafe extern "C" {
                            #[link_name = concat!("__crossgate_memory_", stringify!($process))]
                            static __MEMORY: __table::ProcessMemory;
                        }
                        // SAFETY: the linker wrapper defines it, in flash.
                        unsafe { &__MEMORY }
                    }
                    #[cfg(not(target_os = "none"))]
                    { &__table::ProcessMemory::NONE }
                },
                windows: const { &[$(__wiring::__WINDOWS[$window_number].2),*] },
                notifications: 0 $(| __table::Process::notification($own))*,
                on_fault: $on_fault,
                first_notification: $crate::abi::NotificationId::new($first_notification),
            },)*];
            #[cfg(target_os = "none")]
            unsafe extern "C" { safe fn __crossgate_idle() -> !; }
            #[cfg(target_os = "none")]
            extern "C" fn __idle() -> ! { __crossgate_idle() }
            #[cfg(not(target_os = "none"))]
            use $crate::testing::idle as __idle;
            #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = ".crossgate.stack.kernel.idle"))]
            static __IDLE: $crate::wiring::Stack<128> = $crate::wiring::Stack::new();
            static __THREADS: &[__table::Thread] = &[
                __table::Thread { name: "idle", entry: __idle, stack: __IDLE.start(), stack_size: 128, process: $crate::abi::ProcessId::FIRST, priority: 0 },
                $($(__table::Thread {
                    name: stringify!($thread),
                    entry: __processes::$process::__threads::$thread,
                    stack: __stacks::$process::$thread.start(),
                    stack_size: __wiring::__STACKS[$number],
                    process: $crate::abi::ProcessId::new(__wiring::__Process::$process as usize),
                    priority: $priority,
                },)*)*
            ];
            static __NOTIFICATIONS: &[__table::Notification] = &[$($(__table::Notification {
                name: stringify!($notification),
                owner: $crate::abi::ProcessId::new(__wiring::__Process::$process as usize),
                signallers: $crate::abi::Set::of_bits($crate::wiring::bit(__wiring::__Process::$process as usize) | $signallers),
                counting: $counting,
            },)*)*];
            // The interrupt lines, and what each is bound to.
            const __LINES: &[(u16, &str)] = &[$($(($line, stringify!($bound)),)*)*];
            $($($($check_line)*)*)*
            static __INTERRUPTS: &[__table::Interrupt] = &[$($(__table::Interrupt {
                line: $line,
                notification: $crate::abi::NotificationId::new(__wiring::__Notification::$bound as usize),
            },)*)*];
            const __WATCHES: &[__table::FaultWatch] = &[$($(__table::FaultWatch {
                process: $crate::abi::ProcessId::new(__wiring::__Process::$process as usize),
                notification: $crate::abi::NotificationId::new(__wiring::__Notification::$faults as usize),
            },)*)*];
            // Whose each thread is, the idle one left out.
            const __HOMES: &[u8] = &[$($({ let _: usize = $number; __wiring::__Process::$process as u8 },)*)*];
            const __EACH_BUDGET: &[__table::Budget] = &[
                $($($crate::wiring::budget_of_process($budget, __HOMES, __wiring::__Process::$process as u8),)?)*
                $($($($crate::wiring::budget_of_thread($thread_budget, __HOMES, $number),)?)*)*
            ];
            static __BUDGETS: __table::Budgets = __table::Budgets {
                budgets: __EACH_BUDGET,
                of_threads: &$crate::wiring::budgets_of_threads::<{ __HOMES.len() + 1 }>(__EACH_BUDGET),
                time_slice: 0 $(+ $slice)?,
                cpu_time: $cpu_time,
            };
            __table::System {
                processes: __PROCESSES,
                services: &__SERVICES,
                gates: &__GATES,
                threads: __THREADS,
                notifications: __NOTIFICATIONS,
                interrupts: __INTERRUPTS,
                locks: $crate::wiring::lock_count(__wiring::__LOCKS),
                limiters: $crate::abi::Set::of_bits(0 $($(| $limiter << __wiring::__Process::$process as u32)?)*),
                inspectors: $crate::abi::Set::of_bits(0 $($(| $inspector << __wiring::__Process::$process as u32)?)*),
                dumpers: $crate::abi::Set::of_bits(0 $($(| $dumper << __wiring::__Process::$process as u32)?)*),
                pooled: $crate::abi::Set::of_bits(0 $($($(| $crate::wiring::bit($worker + 1))*)*)*),
                lost_clients: &[$($(__table::LostClients {
                    process: $crate::abi::ProcessId::new(__wiring::__Process::$process as usize),
                    notification: $crate::wiring::first(&[$($crate::abi::NotificationId::new(__wiring::__Notification::$lost as usize))?]),
                    clients: $crate::wiring::clients(&__SERVICES, __wiring::__Process::$process as u8),
                },)*)*],
                passes_handles: $crate::wiring::passes_handles(&__SERVICES),
                fault_watch: match __WATCHES {
                    [__table::FaultWatch { process, notification }] => Some(__table::FaultWatch { process: *process, notification: *notification }),
                    _ => None,
                },
                budgets: $crate::wiring::if_any(&__BUDGETS),
            }
        };
    };
}
