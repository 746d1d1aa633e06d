//! The measured figures of each attribute, as printed by `tools/repeatability.rs`. Those of traces come from people on
//! whom the forensic network was not trained.

/// Name; standard deviations in the attribute's unit over repeated readings of one photograph, over photographs of one
/// person, and between people's means; drift (see `AttributeSpec::drift`).
const FIGURES: &[(&str, [f32; 3], [f32; 4])] = &[
    ("face_width", [1.144, 3.425, 4.162], [-0.350, 0.439, -1.737, 0.169]),
    ("jaw_width", [1.158, 3.587, 4.882], [-0.602, 0.143, -2.899, -0.592]),
    ("jaw_to_face_width", [0.354, 1.082, 1.364], [-0.206, -0.133, -0.975, -0.467]),
    ("jaw_body_width", [1.017, 3.118, 4.621], [-0.531, -0.016, -3.018, -0.474]),
    ("chin_width", [0.531, 1.633, 2.771], [-0.128, 0.004, -1.849, 0.623]),
    ("chin_height", [0.477, 1.564, 1.726], [-0.055, -0.073, -0.624, -1.008]),
    ("jaw_angle", [0.340, 1.031, 0.768], [0.240, 0.016, 0.367, 1.123]),
    ("face_index", [0.786, 3.017, 2.661], [0.369, -0.402, 0.268, 2.265]),
    ("upper_third", [0.267, 0.807, 0.804], [0.059, 0.011, 0.578, -0.464]),
    ("middle_third", [0.380, 1.194, 1.110], [0.032, -0.064, 0.645, -1.440]),
    ("lower_third", [0.338, 1.075, 1.103], [-0.092, 0.053, -1.223, 1.903]),
    ("forehead_width", [0.741, 2.073, 2.185], [-0.082, 0.319, 0.731, -0.445]),
    ("temple_width", [1.042, 2.998, 3.545], [-0.239, 0.698, -0.380, 0.075]),
    ("forehead_slope", [0.331, 1.104, 1.244], [0.001, 0.004, -0.535, 0.824]),
    ("facial_convexity", [0.364, 1.362, 1.059], [-0.047, -0.195, 0.482, -3.439]),
    ("total_convexity", [0.564, 1.757, 1.913], [0.004, -0.189, -0.220, -2.933]),
    ("brow_height_right", [0.529, 1.852, 2.021], [0.442, -0.017, 0.770, 0.148]),
    ("brow_height_left", [0.494, 1.812, 2.152], [-0.348, -0.013, 0.804, 0.196]),
    ("brow_outer_height", [0.336, 1.249, 1.461], [0.069, 0.013, 0.238, -0.037]),
    ("brow_arch", [0.101, 0.350, 0.287], [-0.038, -0.016, 0.121, -0.034]),
    ("brow_slope", [0.391, 1.227, 1.293], [-0.015, 0.129, -0.579, -0.281]),
    ("brow_length", [0.197, 0.651, 0.581], [-0.004, 0.065, -0.046, -0.186]),
    ("brow_distance", [0.234, 0.863, 0.847], [0.032, -0.086, 0.354, -0.016]),
    ("brow_thickness", [0.078, 0.235, 0.256], [0.024, -0.032, 0.019, -0.117]),
    ("brow_contrast", [1.964, 9.405, 5.770], [0.000, 0.000, 0.000, 0.000]),
    ("interocular_ratio", [0.227, 0.647, 0.420], [0.103, 0.075, -0.354, -0.014]),
    ("fissure_length_right", [0.149, 0.440, 0.241], [0.918, 0.024, 0.287, 0.010]),
    ("fissure_length_left", [0.148, 0.407, 0.257], [-1.046, 0.029, 0.185, -0.011]),
    ("fissure_height_right", [0.379, 1.227, 0.973], [-0.056, 0.059, 0.622, -0.195]),
    ("fissure_height_left", [0.369, 1.195, 0.985], [-0.227, 0.061, 0.669, -0.191]),
    ("canthal_tilt_right", [0.401, 1.295, 1.167], [0.004, 0.098, 0.416, 0.146]),
    ("canthal_tilt_left", [0.384, 1.196, 1.201], [-0.087, 0.042, 0.443, 0.129]),
    ("eye_depth_nasion", [0.202, 0.680, 0.730], [0.049, -0.083, -0.220, -0.013]),
    ("iris_diameter", [0.688, 3.159, 1.559], [0.000, 0.000, 0.000, 0.000]),
    ("iris_lightness", [0.975, 9.501, 8.271], [0.000, 0.000, 0.000, 0.000]),
    ("iris_chroma", [0.404, 8.230, 3.312], [0.000, 0.000, 0.000, 0.000]),
    ("iris_yellowness", [0.513, 3.463, 1.765], [0.000, 0.000, 0.000, 0.000]),
    ("iris_redness", [0.477, 3.022, 2.202], [0.000, 0.000, 0.000, 0.000]),
    ("sclera_contrast", [2.147, 12.215, 6.875], [0.000, 0.000, 0.000, 0.000]),
    ("eye_height_difference", [0.109, 0.302, 0.129], [0.171, -0.002, -0.047, -0.004]),
    ("nasal_width", [0.577, 1.764, 1.688], [0.220, -0.292, -0.244, 3.303]),
    ("nasal_bridge_width", [0.065, 0.194, 0.232], [0.010, -0.048, -0.011, -0.138]),
    ("nose_length", [0.690, 2.307, 2.098], [0.173, -0.200, 0.717, -0.719]),
    ("nasal_index", [1.427, 4.958, 4.878], [0.126, -0.222, -1.896, 7.935]),
    ("nose_protrusion", [0.257, 0.725, 0.842], [0.062, -0.018, 0.400, 0.249]),
    ("nasofrontal_angle", [0.697, 2.472, 2.164], [0.058, 0.083, -0.139, 0.635]),
    ("nasofacial_angle", [0.409, 1.301, 1.257], [-0.025, 0.195, -0.097, 2.801]),
    ("nasolabial_angle", [0.864, 3.644, 2.067], [-0.140, 0.256, 3.056, 6.878]),
    ("nasal_hump", [0.059, 0.223, 0.250], [-0.013, -0.057, -0.168, -0.086]),
    ("mouth_width", [1.036, 4.272, 3.052], [0.187, -0.212, -0.349, 10.636]),
    ("philtrum_length", [0.395, 1.403, 1.082], [0.015, 0.010, -0.370, -2.619]),
    ("philtrum_width", [0.268, 1.091, 0.837], [0.091, -0.189, -0.043, 3.363]),
    ("upper_vermilion_height", [0.124, 0.602, 0.334], [0.081, 0.109, -0.178, -0.772]),
    ("lower_vermilion_height", [0.191, 0.798, 0.460], [0.136, 0.079, -0.475, 0.471]),
    ("lip_ratio", [1.096, 3.741, 1.483], [-0.284, 0.360, 2.223, -11.127]),
    ("cupids_bow_depth", [0.035, 0.098, 0.075], [0.008, -0.027, 0.032, 0.054]),
    ("upper_lip_protrusion", [0.313, 1.470, 0.774], [0.014, 0.153, -0.202, -2.165]),
    ("labiomental_angle", [0.980, 3.753, 2.950], [-0.176, -0.363, -1.049, -0.668]),
    ("lip_redness", [0.732, 6.365, 4.571], [0.000, 0.000, 0.000, 0.000]),
    ("lip_lightness", [1.544, 8.740, 5.145], [0.000, 0.000, 0.000, 0.000]),
    ("mouth_slant", [0.283, 0.811, 0.440], [-0.306, 0.057, 0.159, 0.187]),
    ("skin_tone", [0.624, 27.484, 14.839], [0.000, 0.000, 0.000, 0.000]),
    ("skin_redness", [0.162, 6.904, 3.328], [0.000, 0.000, 0.000, 0.000]),
    ("skin_yellowness", [0.181, 8.397, 3.518], [0.000, 0.000, 0.000, 0.000]),
    ("skin_evenness", [0.409, 4.227, 5.224], [0.000, 0.000, 0.000, 0.000]),
    ("cheek_forehead_redness", [0.242, 4.626, 2.449], [0.000, 0.000, 0.000, 0.000]),
    ("chin_darkness", [1.253, 11.794, 15.310], [0.000, 0.000, 0.000, 0.000]),
    ("under_eye_darkness", [0.846, 7.915, 6.403], [0.000, 0.000, 0.000, 0.000]),
    ("skin_texture", [1.376, 8.754, 9.418], [0.000, 0.000, 0.000, 0.000]),
    ("skin_shine", [1.645, 19.046, 4.800], [0.000, 0.000, 0.000, 0.000]),
    ("facial_contrast", [1.828, 9.702, 7.350], [0.000, 0.000, 0.000, 0.000]),
    ("outline_colour_difference", [0.394, 5.759, 5.470], [0.000, 0.000, 0.000, 0.000]),
    ("neck_colour_difference", [0.945, 10.209, 5.858], [0.000, 0.000, 0.000, 0.000]),
    ("sharpness_ratio", [0.688, 3.629, 2.215], [0.000, 0.000, 0.000, 0.000]),
    ("noise_ratio", [1.805, 5.354, 3.087], [0.000, 0.000, 0.000, 0.000]),
    ("blending_trace", [0.435, 2.073, 0.856], [0.000, 0.000, 0.000, 0.000]),
    ("synthesis_trace", [0.222, 1.250, 0.353], [0.000, 0.000, 0.000, 0.000]),
    ("eyes_blending_trace", [0.066, 0.289, 0.129], [0.000, 0.000, 0.000, 0.000]),
    ("nose_blending_trace", [0.064, 0.273, 0.087], [0.000, 0.000, 0.000, 0.000]),
    ("mouth_blending_trace", [0.087, 0.375, 0.148], [0.000, 0.000, 0.000, 0.000]),
    ("encoder_blending_trace", [0.292, 0.758, 0.609], [0.000, 0.000, 0.000, 0.000]),
    ("encoder_synthesis_trace", [0.191, 0.954, 0.974], [0.000, 0.000, 0.000, 0.000]),
];

/// The standard deviations and the drift of `name`; zeros where it is not measured yet.
pub(super) const fn of(name: &str) -> ([f32; 3], [f32; 4]) {
    let mut i = 0;
    while i < FIGURES.len() {
        if same(FIGURES[i].0, name) {
            return (FIGURES[i].1, FIGURES[i].2);
        }
        i += 1;
    }
    ([0.0; 3], [0.0; 4])
}

/// String equality in constants, where `==` is not available.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::ATTRIBUTES;
    use super::*;

    #[test]
    fn every_figure_belongs_to_an_attribute() {
        for (name, _, _) in FIGURES {
            assert!(ATTRIBUTES.iter().any(|a| a.name == *name), "{name}");
        }
    }

    #[test]
    fn the_documentation_lists_every_attribute_with_its_figures() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/attributes.md");
        let documented = std::fs::read_to_string(path).unwrap();
        for a in ATTRIBUTES {
            let row = documented.lines().find(|l| l.starts_with(&format!("| `{}` ", a.name)));
            let row = row.unwrap_or_else(|| panic!("docs/attributes.md lacks {}", a.name));
            assert!(row.contains(&format!("| {} | {} |", a.unit, a.source)), "{row}");
            let figures: Vec<f32> = row.split('|').skip(5).take(3).map(|v| v.trim().parse().unwrap()).collect();
            for (documented, own) in figures.iter().zip([a.repeatability, a.within_person, a.between_people]) {
                assert!((documented - own).abs() < 0.0101, "{row}: {own}");
            }
        }
    }
}
