declare double @sqrt(double)
define i64 @single(ptr noalias %inputs, ptr noalias %outputs) {
entry:
  %t0 = load double, ptr %inputs
  %v1 = getelementptr double, ptr %inputs, i64 1
  %t1 = load double, ptr %v1
  %t3 = fmul double %t1, %t1
  %t4 = call double @sqrt(double %t0)
  %v2 = fcmp olt double %t4, %t3
  %t5 = select i1 %v2, double %t4, double %t3
  %t6 = fadd double %t5, %t3
  store double %t6, ptr %outputs
  %v3 = getelementptr double, ptr %outputs, i64 1
  store double %t4, ptr %v3
  %v4 = fcmp ogt double %t0, 0x0000000000000000
  %v5 = select i1 %v4, i64 -1, i64 0
  ret i64 %v5
}
