// SPDX-License-Identifier: MIT OR Apache-2.0
//! The budgets of threads, from a wiring.

/// Defines the budgets and the time slice.
#[doc(hidden)]
#[macro_export]
macro_rules! __budget_table {
    (
        homes: [$({ $home:literal })*]
        budgets: [$({ kind: [$kind:ident] budget: [$budget:expr] whose: [$whose:literal] })*]
        time_slice: [$($slice:expr)?]
        cpu_time: [$cpu_time:ident]
    ) => {
        // The owner of each thread except for the idle one.
        const __HOMES: &[u8] = &[$($home),*];
        const __EACH_BUDGET: &[__table::Budget] = &[$($crate::wiring::$kind($budget, __HOMES, $whose)),*];
        static __BUDGETS: __table::Budgets = __table::Budgets {
            budgets: __EACH_BUDGET,
            of_threads: &$crate::wiring::budgets_of_threads::<{ __HOMES.len() + 1 }>(__EACH_BUDGET),
            time_slice: 0 $(+ $slice)?,
            cpu_time: $cpu_time,
        };
    };
}
