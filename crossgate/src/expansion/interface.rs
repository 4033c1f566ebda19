// SPDX-License-Identifier: MIT OR Apache-2.0
//! The expansion of `#[interface]`.

/// Defines the server's view: the trait as it was written.
#[doc(hidden)]
#[macro_export]
macro_rules! __interface_trait {
    (
        attributes: [$($attribute:tt)*] visibility: [$($visibility:tt)*]
        name: [$name:ident] declared: [$($declared:tt)*]
        methods: [$({
            attributes: [$($method_attribute:tt)*] name: [$method:ident] exclusive: [$($mutable:tt)?]
            parameters: [$({ name: [$parameter:ident] type: [$($type:tt)*] })*] result: [$($result:tt)*]
        })*]
    ) => {
        $($attribute)*
        $($visibility)* trait $name<$($declared)*> {
            $( $($method_attribute)* fn $method(& $($mutable)? self $(, $parameter: $($type)*)*) -> $($result)*; )*
        }
    };
}

/// Defines the metadata: all data about an interface that the tables need, for any server and client.
#[doc(hidden)]
#[macro_export]
macro_rules! __metadata {
    (
        name: [$name:ident] title: [$title:literal] client: [$client:ident]
        declared: [$($declared:tt)*] named: [$($named:tt)*] exclusive: [$($exclusive:tt)?] shapes: [$({ $($shape:tt)* })*]
        methods: [$({
            name: [$method:ident] exclusive: [$takes_mut:literal]
            parameters: [$({ name: [$parameter:ident] type: [$($type:tt)*] written: [$written:literal] })*]
            result: [$result:literal]
        })*]
    ) => {
        // SAFETY: the client is transparent over `RawHandle`.
        unsafe impl<$($declared)*> $crate::Interface for dyn $name<$($named)*> {
            type Client = $client<$($named)*>;
            const NAME: &'static str = concat!(module_path!(), "::", $title);
            const METHODS: &'static [$crate::interface::MethodText] = &[$($crate::interface::MethodText {
                name: stringify!($method),
                is_exclusive: $takes_mut,
                parameters: &[$($crate::interface::ParameterText {
                    name: stringify!($parameter),
                    ty: $written,
                    shape: $crate::interface::argument::<$($type)*>(),
                }),*],
                result: $result,
            }),*];
            const SHAPES: &'static [$crate::interface::MethodShape] = &[$($($shape)*,)*];
        }
        // This tells the linker that clients and servers share this crate, so that its statics are not copied for each
        // process.
        const _: () = {
            #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = ".crossgate.interface"))]
            #[used]
            static MARK: () = ();
        };
        $crate::__unless! { [$($exclusive)?]
            // SAFETY: no method takes `&mut self`.
            unsafe impl<$($declared)*> $crate::AllShared for dyn $name<$($named)*> {}
        }
    };
}

/// Defines the caller's view: the same methods, each of which may also fail with a `CallError`.
#[doc(hidden)]
#[macro_export]
macro_rules! __client {
    (
        visibility: [$($visibility:tt)*]
        name: [$name:ident] client: [$client:ident] declared: [$($declared:tt)*] named: [$($named:tt)*]
        methods: [$({
            attributes: [$($method_attribute:tt)*] name: [$method:ident] index: [$index:literal]
            parameters: [$({
                name: [$parameter:ident] form: [$form:ident] type: [$($type:tt)*] static: [$($static_type:tt)*]
            })*]
            result: [$($result:tt)*] named: [$($method_named:tt)*]
        })*]
    ) => {
        #[doc = concat!("The methods of a `Handle<dyn ", stringify!($name), ">`.")]
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
                /// If the call did not take place, or did not return.
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
    };
}

/// Defines the entry points: one thunk for each method of each server.
#[doc(hidden)]
#[macro_export]
macro_rules! __thunks {
    (
        name: [$name:ident] declared: [$($declared:tt)*] named: [$($named:tt)*]
        methods: [$({
            name: [$method:ident] exclusive: [$($mutable:tt)?]
            parameters: [$({ name: [$parameter:ident] type: [$($type:tt)*] })*] result: [$($result:tt)*]
            declared: [$($method_declared:tt)*] named: [$($method_named:tt)*]
        })*]
    ) => {
        // SAFETY: the thunks expect a `*mut __Server`.
        unsafe impl<__Server: $name<$($named)*>, $($declared)*> $crate::ServedBy<__Server> for dyn $name<$($named)*> {
            const THUNKS: &'static [$crate::abi::table::Thunk] = {
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

/// Lets calls of the interface go over a link.
#[doc(hidden)]
#[macro_export]
macro_rules! __remote {
    (
        name: [$name:ident] declared: [$($declared:tt)*] named: [$($named:tt)*] generic: [$($generic:tt)?]
        methods: [$({ index: [$index:literal] named: [$($method_named:tt)*] })*]
    ) => {
        impl<$($declared)*> $crate::remote::Portable for dyn $name<$($named)*> {}
        // SAFETY: `forward` expects a `Remote` of this interface and this transport. There is an entry for each method.
        unsafe impl<__Transport: $crate::remote::Transport, $($declared)*> $crate::remote::Forwards<__Transport>
            for dyn $name<$($named)*>
        {
            const THUNKS: &'static [$crate::abi::table::Thunk] = {
                $crate::remote::check::<Self>();
                &[$($crate::remote::forward::<dyn $name<$($method_named)*>, __Transport, $index>),*]
            };
        }
        $crate::__unless! { [$($generic)?]
            const _: () = $crate::remote::check::<dyn $name>();
        }
    };
}

/// Expands to the type that a caller writes for a parameter.
#[doc(hidden)]
#[macro_export]
macro_rules! __parameter {
    (value [$($type:tt)*] [$($static_type:tt)*]) => { <$($type)* as $crate::Parameter>::Caller };
    (lease [$($type:tt)*] [$($static_type:tt)*]) => { impl $crate::Offer<$($static_type)*> };
}

/// Expands to the value that is put into words for a parameter.
#[doc(hidden)]
#[macro_export]
macro_rules! __argument {
    (value $name:ident [$($static_type:tt)*]) => { $name };
    // SAFETY: the stub uses the value only during the call, and the reference is valid for a longer time.
    (lease $name:ident [$($static_type:tt)*]) => { unsafe { $crate::Offer::<$($static_type)*>::offer($name) } };
}

/// Expands to the code, if the brackets are empty.
#[doc(hidden)]
#[macro_export]
macro_rules! __unless {
    ([] $($code:tt)*) => { $($code)* };
    ([$($some:tt)+] $($code:tt)*) => {};
}
