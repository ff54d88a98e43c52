"""The closed loop: a finding becomes a tested, signed control, a detection, a regression case and dated evidence."""
