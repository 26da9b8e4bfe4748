// Twin of Adaptive in velodepth/stream/keyframes.py: why the network looks at a frame, or null.

// evidence: of evidence.js; frames: since the last look, at least 1
export function decide({ unexplained, moved, uncovered, moving }, frames, policy) {
  if (unexplained > policy.cut) return "cut";
  if (moved > policy.motion) return "motion";
  if (uncovered > policy.uncovered) return "uncovered";
  if (unexplained > policy.drift) return "drift";
  const still = moved < policy.still;
  if (moving > (still ? policy.moving_still : policy.moving)) return "moving";
  return frames >= (still ? policy.age_still : policy.age) ? "age" : null;
}
