"""`velodepth live`: depth of what a camera sees now. The newest picture wins, so that the lag never grows."""
