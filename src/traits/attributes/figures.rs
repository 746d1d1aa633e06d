//! The measured figures of each attribute, as `examples/repeatability.rs` prints them; those of traces are of people whom
//! the forensic network was not trained on.

/// Name; then, in the attribute's unit: the standard deviation of repeated readings of one photograph, over different
/// photographs of one person, and between people's means; then its drift (see `AttributeSpec::drift`).
const FIGURES: &[(&str, [f32; 3], [f32; 4])] = &[
    ("face_width", [1.148, 3.264, 4.165], [-0.401, 0.491, -1.429, 0.230]),
    ("jaw_width", [1.145, 3.424, 4.919], [-0.702, 0.205, -2.625, -0.677]),
    ("jaw_to_face_width", [0.356, 1.039, 1.398], [-0.245, -0.120, -0.957, -0.556]),
    ("jaw_body_width", [1.002, 2.986, 4.675], [-0.623, 0.047, -2.723, -0.598]),
    ("chin_width", [0.532, 1.589, 2.840], [-0.166, 0.052, -1.651, 0.452]),
    ("chin_height", [0.473, 1.505, 1.749], [-0.081, -0.021, -0.434, -1.062]),
    ("jaw_angle", [0.348, 1.013, 0.758], [0.257, 0.038, 0.406, 1.111]),
    ("face_index", [0.763, 2.885, 2.691], [0.349, -0.340, 0.319, 2.258]),
    ("upper_third", [0.257, 0.779, 0.838], [0.039, 0.000, 0.458, -0.415]),
    ("middle_third", [0.378, 1.199, 1.167], [0.050, -0.094, 0.640, -1.451]),
    ("lower_third", [0.349, 1.060, 1.131], [-0.089, 0.094, -1.098, 1.865]),
    ("forehead_width", [0.744, 2.033, 2.179], [-0.045, 0.337, 0.952, -0.391]),
    ("temple_width", [1.053, 2.871, 3.537], [-0.226, 0.744, -0.064, 0.170]),
    ("forehead_slope", [0.325, 1.033, 1.247], [0.049, -0.039, -0.500, 0.754]),
    ("facial_convexity", [0.347, 1.327, 1.040], [-0.086, -0.152, 0.429, -3.361]),
    ("total_convexity", [0.553, 1.682, 1.861], [-0.031, -0.156, -0.329, -2.844]),
    ("brow_height_right", [0.515, 1.844, 2.100], [0.558, -0.119, 0.853, 0.243]),
    ("brow_height_left", [0.498, 1.810, 2.231], [-0.273, -0.084, 0.832, 0.494]),
    ("brow_outer_height", [0.347, 1.252, 1.503], [0.138, -0.064, 0.254, 0.117]),
    ("brow_arch", [0.102, 0.363, 0.305], [-0.025, -0.026, 0.142, -0.012]),
    ("brow_slope", [0.384, 1.241, 1.310], [0.005, 0.055, -0.650, -0.448]),
    ("brow_length", [0.198, 0.634, 0.574], [-0.004, 0.096, 0.005, -0.201]),
    ("brow_distance", [0.236, 0.876, 0.858], [0.072, -0.129, 0.361, 0.034]),
    ("brow_thickness", [0.077, 0.223, 0.254], [0.027, -0.031, 0.029, -0.104]),
    ("brow_contrast", [2.025, 9.634, 5.690], [0.000, 0.000, 0.000, 0.000]),
    ("interocular_ratio", [0.230, 0.650, 0.423], [0.085, 0.079, -0.393, -0.013]),
    ("fissure_length_right", [0.148, 0.444, 0.254], [0.937, 0.027, 0.315, 0.021]),
    ("fissure_length_left", [0.150, 0.420, 0.255], [-1.031, 0.024, 0.200, -0.005]),
    ("fissure_height_right", [0.377, 1.242, 0.987], [-0.044, 0.015, 0.635, -0.228]),
    ("fissure_height_left", [0.366, 1.208, 1.001], [-0.214, 0.017, 0.665, -0.212]),
    ("canthal_tilt_right", [0.396, 1.372, 1.158], [0.018, 0.032, 0.322, 0.080]),
    ("canthal_tilt_left", [0.381, 1.241, 1.209], [-0.097, 0.026, 0.349, 0.113]),
    ("eye_depth_nasion", [0.210, 0.675, 0.733], [0.036, -0.048, -0.214, -0.047]),
    ("iris_diameter", [0.669, 3.262, 1.800], [0.000, 0.000, 0.000, 0.000]),
    ("iris_lightness", [1.009, 9.000, 8.670], [0.000, 0.000, 0.000, 0.000]),
    ("iris_chroma", [0.407, 8.137, 3.280], [0.000, 0.000, 0.000, 0.000]),
    ("iris_yellowness", [0.491, 3.548, 1.812], [0.000, 0.000, 0.000, 0.000]),
    ("iris_redness", [0.510, 2.980, 2.091], [0.000, 0.000, 0.000, 0.000]),
    ("sclera_contrast", [2.143, 12.191, 7.486], [0.000, 0.000, 0.000, 0.000]),
    ("eye_height_difference", [0.108, 0.283, 0.129], [0.170, -0.001, -0.031, -0.017]),
    ("nasal_width", [0.593, 1.632, 1.725], [0.178, -0.278, -0.326, 3.551]),
    ("nasal_bridge_width", [0.067, 0.196, 0.237], [0.009, -0.045, -0.009, -0.147]),
    ("nose_length", [0.681, 2.257, 2.201], [0.154, -0.181, 0.789, -0.654]),
    ("nasal_index", [1.460, 4.656, 5.175], [0.118, -0.238, -2.097, 8.617]),
    ("nose_protrusion", [0.263, 0.739, 0.837], [0.051, 0.017, 0.448, 0.243]),
    ("nasofrontal_angle", [0.710, 2.466, 2.207], [0.070, 0.013, -0.187, 0.823]),
    ("nasofacial_angle", [0.404, 1.229, 1.221], [0.009, 0.189, 0.000, 2.768]),
    ("nasolabial_angle", [0.852, 3.480, 2.165], [-0.110, 0.236, 3.402, 7.343]),
    ("nasal_hump", [0.062, 0.222, 0.259], [-0.020, -0.045, -0.138, -0.105]),
    ("mouth_width", [1.029, 3.980, 3.230], [0.135, -0.083, -0.449, 11.588]),
    ("philtrum_length", [0.376, 1.401, 1.097], [0.006, -0.011, -0.430, -3.008]),
    ("philtrum_width", [0.270, 0.993, 0.875], [0.078, -0.168, -0.078, 3.579]),
    ("upper_vermilion_height", [0.123, 0.582, 0.351], [0.089, 0.087, -0.196, -0.895]),
    ("lower_vermilion_height", [0.193, 0.785, 0.492], [0.176, 0.064, -0.522, 0.418]),
    ("lip_ratio", [1.075, 3.936, 1.612], [-0.547, 0.277, 2.446, -11.939]),
    ("cupids_bow_depth", [0.035, 0.093, 0.079], [0.006, -0.025, 0.034, 0.054]),
    ("upper_lip_protrusion", [0.304, 1.421, 0.851], [0.024, 0.079, -0.256, -2.556]),
    ("labiomental_angle", [0.893, 3.493, 3.005], [-0.264, -0.268, -0.870, 0.169]),
    ("lip_redness", [0.784, 6.611, 4.441], [0.000, 0.000, 0.000, 0.000]),
    ("lip_lightness", [1.688, 8.897, 5.033], [0.000, 0.000, 0.000, 0.000]),
    ("mouth_slant", [0.281, 0.797, 0.441], [-0.307, 0.096, 0.179, 0.181]),
    ("skin_tone", [0.636, 24.869, 15.780], [0.000, 0.000, 0.000, 0.000]),
    ("skin_redness", [0.163, 6.951, 3.287], [0.000, 0.000, 0.000, 0.000]),
    ("skin_yellowness", [0.174, 8.016, 3.539], [0.000, 0.000, 0.000, 0.000]),
    ("skin_evenness", [0.436, 4.240, 5.195], [0.000, 0.000, 0.000, 0.000]),
    ("cheek_forehead_redness", [0.243, 4.331, 2.647], [0.000, 0.000, 0.000, 0.000]),
    ("chin_darkness", [1.367, 11.488, 15.394], [0.000, 0.000, 0.000, 0.000]),
    ("under_eye_darkness", [0.874, 7.428, 6.501], [0.000, 0.000, 0.000, 0.000]),
    ("skin_texture", [1.499, 9.142, 9.280], [0.000, 0.000, 0.000, 0.000]),
    ("skin_shine", [1.578, 16.732, 4.924], [0.000, 0.000, 0.000, 0.000]),
    ("facial_contrast", [1.903, 8.842, 8.058], [0.000, 0.000, 0.000, 0.000]),
    ("outline_colour_difference", [0.386, 5.520, 5.345], [0.000, 0.000, 0.000, 0.000]),
    ("neck_colour_difference", [0.895, 10.082, 5.639], [0.000, 0.000, 0.000, 0.000]),
    ("sharpness_ratio", [0.680, 3.532, 2.133], [0.000, 0.000, 0.000, 0.000]),
    ("noise_ratio", [1.798, 5.420, 2.924], [0.000, 0.000, 0.000, 0.000]),
    ("blending_trace", [0.452, 2.084, 0.865], [0.000, 0.000, 0.000, 0.000]),
    ("synthesis_trace", [0.216, 1.061, 0.357], [0.000, 0.000, 0.000, 0.000]),
    ("eyes_blending_trace", [0.066, 0.283, 0.131], [0.000, 0.000, 0.000, 0.000]),
    ("nose_blending_trace", [0.065, 0.266, 0.088], [0.000, 0.000, 0.000, 0.000]),
    ("mouth_blending_trace", [0.091, 0.381, 0.143], [0.000, 0.000, 0.000, 0.000]),
];

/// The figures and the drift of `name`; zeros where it was not measured yet.
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

/// Whether two strings are equal, where `==` cannot be used yet.
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
