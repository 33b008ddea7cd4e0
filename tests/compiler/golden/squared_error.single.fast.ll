define i64 @single(ptr noalias %inputs, ptr noalias %outputs) {
entry:
  %t0 = load double, ptr %inputs
  %v1 = getelementptr double, ptr %inputs, i64 1
  %t1 = load double, ptr %v1
  %v2 = getelementptr double, ptr %inputs, i64 2
  %t2 = load double, ptr %v2
  %v3 = getelementptr double, ptr %inputs, i64 3
  %t3 = load double, ptr %v3
  %t4 = fmul reassoc contract nsz double %t2, %t0
  %t5 = fadd reassoc contract nsz double %t4, %t3
  %t6 = fsub reassoc contract nsz double %t5, %t1
  %t7 = fmul reassoc contract nsz double %t6, %t6
  %t8 = fadd reassoc contract nsz double %t6, %t6
  %t9 = fmul reassoc contract nsz double %t0, %t8
  %t10 = fmul reassoc contract nsz double %t2, %t8
  %t12 = fadd reassoc contract nsz double %t10, 0x0000000000000000
  %t13 = fsub reassoc contract nsz double 0x0000000000000000, %t8
  %t14 = fadd reassoc contract nsz double %t9, 0x0000000000000000
  %t15 = fadd reassoc contract nsz double %t8, 0x0000000000000000
  store double %t7, ptr %outputs
  %v4 = getelementptr double, ptr %outputs, i64 1
  store double %t12, ptr %v4
  %v5 = getelementptr double, ptr %outputs, i64 2
  store double %t13, ptr %v5
  %v6 = getelementptr double, ptr %outputs, i64 3
  store double %t14, ptr %v6
  %v7 = getelementptr double, ptr %outputs, i64 4
  store double %t15, ptr %v7
  ret i64 -1
}
