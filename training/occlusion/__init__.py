"""The occlusion network: which areas of a face are covered."""
