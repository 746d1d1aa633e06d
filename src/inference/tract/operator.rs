//! The traits that tract asks of every operator.

/// Implements tract's operator traits for a type with the methods
/// `run(&self, inputs: &[TValue]) -> TractResult<Tensor>` and
/// `facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>>`.
macro_rules! operator {
    ($op:ident, $validation:expr) => {
        // Equality is total: weights are never NaN.
        impl Eq for $op {}

        impl Op for $op {
            fn name(&self) -> StaticName {
                stringify!($op).into()
            }

            fn validation(&self) -> Validation {
                $validation
            }

            op_as_typed_op!();
        }

        impl EvalOp for $op {
            op_out_of_plan!();

            fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
                Ok(tvec!(self.run(&inputs)?.into_tvalue()))
            }
        }

        impl TypedOp for $op {
            fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
                self.facts(inputs)
            }

            as_op!();
        }
    };
}

pub(super) use operator;
