"""Synthetic video with exact truth: scenes, a renderer, and shards of frames (docs/worlds.md)."""
