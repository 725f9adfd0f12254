//! linfa's way in: `params.fit(&dataset)`, `forest.predict(&rows)`.

use linfa::DatasetBase;
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, ArrayBase, Data, Ix2};

use crate::error::ForestError;
use crate::forest::IsolationForest;
use crate::params::CheckedForestParams;

impl<D: Data<Elem = f32>, T> Fit<ArrayBase<D, Ix2>, T, ForestError> for CheckedForestParams {
    type Object = IsolationForest;

    fn fit(
        &self,
        dataset: &DatasetBase<ArrayBase<D, Ix2>, T>,
    ) -> Result<IsolationForest, ForestError> {
        IsolationForest::fit(self, &dataset.records.view())
    }
}

/// Which rows are anomalous. An answer may be an error, since linfa's trait has no room for one and
/// rows of the wrong shape must not panic.
impl<D> PredictInplace<ArrayBase<D, Ix2>, Result<Array1<bool>, ForestError>> for IsolationForest
where
    D: Data<Elem = f32>,
{
    fn predict_inplace(
        &self,
        records: &ArrayBase<D, Ix2>,
        targets: &mut Result<Array1<bool>, ForestError>,
    ) {
        *targets = self.anomalous(&records.view());
    }

    fn default_target(&self, records: &ArrayBase<D, Ix2>) -> Result<Array1<bool>, ForestError> {
        Ok(Array1::from_elem(records.nrows(), false))
    }
}
